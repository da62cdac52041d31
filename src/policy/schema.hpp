// The one definition of every policy document: which fields exist, what they may hold, what is
// assumed when they are left out, and why they are there. It is data (schemas*.cpp). From it come
//   - the check of a document as it was written, with places and "did you mean" (validate.hpp),
//   - the defaults filled into a document's spec,
//   - the JSON Schema that editors use (schema_json.cpp, `--print-schema KIND`).
//
// Kubernetes content inside a policy (a container, a volume, a whole manifest) is of an "open"
// object or of any type: Kubernetes checks it, we only catch fields that are misspelt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/value.hpp"

namespace cloudlab::policy {

/// What a value may be. The string forms differ in how their text is checked.
enum class Form : std::uint8_t {
  kString,    ///< Any text.
  kName,      ///< A name that also fits into the name part of an annotation key.
  kGlob,      ///< `*`, `?`, `[a-z]`, `[!a-z]` (glob.hpp).
  kKindName,  ///< "Deployment", "argoproj.io/Rollout" or "Workload".
  kVersion,   ///< A Kubernetes version: "1.34" or "v1.34.2".
  kDate,      ///< "2027-03-31".
  kDuration,  ///< "1h30m", "500ms": Go's time.ParseDuration without fractions and signs.
  kQuantity,  ///< "500m", "1Gi", 2: kube/quantity.hpp.
  kInt,
  kBool,
  kEnum,
  kIntOrPercent,  ///< A number of pods, at least 1, or a share of them: 3, "25%".
  kPorts,         ///< A port or a range of ports: 4317, "6222-6230".
  kList,
  kMap,
  kObject,
  kPolicy,  ///< The name of a policy, or a whole policy document (checked on its own).
  kOneOf,   ///< One of several objects; the text of their first field, an enum of one, says which.
  kAny,     ///< Kubernetes content.
};

struct Object;
using ObjectPtr = std::shared_ptr<const Object>;

struct Type {
  Form form = Form::kAny;
  std::vector<std::string> values;  ///< kEnum: what may stand there.
  std::vector<std::string> keys;    ///< kMap: what its keys may be, a trailing `*` for any rest.
  std::shared_ptr<const Type> of;   ///< kList: its items; kMap: its values.
  std::vector<ObjectPtr> objects;   ///< kObject: the one; kOneOf: all of them.
  std::int64_t minimum =
      INT64_MIN;  ///< The least value of kInt, the least size of kList and kString.
  std::int64_t maximum = INT64_MAX;  ///< The greatest value of kInt.
  bool nullable = false;             ///< `null` may stand there and means something.
};

struct Field {
  std::string name;
  Type type;
  std::string description;    ///< One sentence.
  std::string default_value;  ///< As text; "{}" for an object; empty if nothing is assumed.
  bool required = false;
};

/// What must hold between the fields of an object.
struct Invariant {
  bool (*holds)(const yaml::Value& object);
  std::string message;  ///< What is wrong, as the end of "spec.order: ...".
};

/// A map with known keys.
struct Object {
  std::string name;  ///< Objects that have one are shared: a `$def` of the JSON Schema.
  std::string description;
  std::vector<Field> fields;
  bool open = false;  ///< Kubernetes content: other fields may stand there too.
  std::vector<Invariant> invariants;

  const Field* Find(std::string_view field) const;
};

/// One kind of policy document.
struct KindSchema {
  std::string kind;
  ObjectPtr document;  ///< apiVersion, kind, metadata and spec.

  const Object& spec() const { return *document->Find("spec")->type.objects.front(); }
};

/// Every kind, in the order in which people meet them.
const std::vector<KindSchema>& Schemas();
/// The schema of `kind`, or null.
const KindSchema* FindSchema(std::string_view kind);
/// The names of all kinds.
std::vector<std::string> KindNames();

/// Puts the schema's defaults where `value`, an object of this type, says nothing.
void FillDefaults(const Object& object, yaml::Value& value);

/// The JSON Schema (draft 2020-12) of `kind`, ending with a newline; empty for an unknown kind.
std::string PrintSchema(std::string_view kind);

}  // namespace cloudlab::policy
