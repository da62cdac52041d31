// Building blocks of the schemas, and the parts that several kinds share. Private to schemas*.cpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/schema.hpp"

namespace cloudlab::policy {

inline Type Of(Form form) {
  Type type;
  type.form = form;
  return type;
}
/// A string that is not empty.
Type Text();
Type Int(std::int64_t minimum, std::int64_t maximum = INT64_MAX);
Type Enum(std::vector<std::string> values);
Type List(Type of, std::int64_t least = 0);
Type Map(Type of, std::vector<std::string> keys = {});
Type OneOf(std::vector<ObjectPtr> objects);
Type ObjectOf(ObjectPtr object);
/// An object that only one place uses.
Type Inline(std::string description, std::vector<Field> fields);

inline Field Optional(std::string name, Type type, std::string description,
                      std::string default_value = {}) {
  return {std::move(name), std::move(type), std::move(description), std::move(default_value),
          false};
}
inline Field Required(std::string name, Type type, std::string description) {
  return {std::move(name), std::move(type), std::move(description), {}, true};
}

ObjectPtr Shared(std::string name, std::string description, std::vector<Field> fields,
                 bool open = false, std::vector<Invariant> invariants = {});
/// True unless both fields stand in `object`.
bool NotBoth(const yaml::Value& object, std::string_view a, std::string_view b);

ObjectPtr LabelSelectorObject();
ObjectPtr MatchObject();
ObjectPtr ContainerSelectorObject();
ObjectPtr RequestsAndLimitsObject();
Type ConflictPolicy();

/// match, exclude, enforcement and locked: what every policy that edits manifests has.
std::vector<Field> WithCommonFields(std::vector<Field> fields);

// One document kind each.
ObjectPtr PipelineSpec();
ObjectPtr EnvironmentProfileSpec();
ObjectPtr ResourceTierPolicySpec();
ObjectPtr SidecarPolicySpec();
ObjectPtr AutoscalingPolicySpec();
ObjectPtr NetworkAccessPolicySpec();
ObjectPtr SecretReferencePolicySpec();
ObjectPtr PolicyExceptionSpec();

}  // namespace cloudlab::policy
