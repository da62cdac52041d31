// Policy documents: what a person wrote under `apiVersion: cloudlab.dev/v1alpha1`, checked against
// the schema (schema.hpp) and kept together with its text, so that every later finding can still
// point at the line it comes from.
//
// A document is read once, from a config file or out of the stream. All problems of a file are
// reported together. Refused are: other API groups in a config, other versions of ours, unknown
// kinds and fields, values of a wrong type, two documents of one kind and name, and two policies
// of one name, whatever their kinds.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/diagnostic.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"
#include "yaml/value.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {

inline constexpr std::string_view kGroup = "cloudlab.dev";
inline constexpr std::string_view kApiVersion = "cloudlab.dev/v1alpha1";

/// Where a policy document was found. What stands in the stream may add policies but never lift
/// one: no PolicyException, nothing over a locked policy (design, "config").
enum class DocumentOrigin : std::uint8_t { kConfig, kStream };

/// One policy document that passed the schema.
struct Document {
  std::string kind;
  std::string name;     ///< metadata.name.
  yaml::Value spec;     ///< As written, with the schema's defaults filled in.
  yaml::NodeView root;  ///< As written, for positions; invalid for a document made in a test.
  const text::Source* source = nullptr;
  std::size_t offset = 0;  ///< Where the scanned text of `root` begins in the source.
  DocumentOrigin origin = DocumentOrigin::kConfig;

  /// The place of the whole document, of its name, and of `node`, a part of `root`.
  text::Place place() const { return PlaceOf(root); }
  text::Place name_place() const { return PlaceAt({"metadata", "name"}); }
  text::Place PlaceOf(yaml::NodeView node) const;
  /// The place of what stands at `path`, or of the nearest parent that exists:
  /// `PlaceAt({"spec", "tier"})`.
  text::Place PlaceAt(std::initializer_list<std::string_view> path) const;

  /// spec.locked: annotations of a workload may neither change nor skip this policy.
  bool locked() const;
  /// "SidecarPolicy/otel-agent": how messages name it.
  std::string Display() const { return kind + "/" + name; }
};

/// True if the group of `root`'s apiVersion is ours, whatever the version.
bool IsPolicyDocument(yaml::NodeView root);

/// The name by which other documents know the one at `root`: what `metadata.name` was before
/// kustomize put a prefix or suffix to it. Its bookkeeping lists earlier names, the first one
/// first.
std::string OriginalName(yaml::NodeView root);

/// All policy documents of a run. Documents, outlines and files stay where they are for the life
/// of the set; sources (the texts themselves) belong to the caller and must outlive it.
class DocumentSet {
 public:
  DocumentSet() = default;
  DocumentSet(const DocumentSet&) = delete;
  DocumentSet& operator=(const DocumentSet&) = delete;
  DocumentSet(DocumentSet&&) = default;
  DocumentSet& operator=(DocumentSet&&) = default;

  /// Reads every document of a policy file.
  void Read(const text::Source& source, text::Diagnostics& diagnostics);
  /// Reads one document of the stream that IsPolicyDocument(). It is scanned again here: the
  /// outlines of the stream do not live as long as its policies.
  void ReadFromStream(const text::Source& stream, const yaml::Slice& slice,
                      text::Diagnostics& diagnostics);
  /// Adds the document at `root`, and what stands as documents under `policies` of a Pipeline: a
  /// part of an outline of the caller's that outlives this set (a KRM functionConfig); `offset` is
  /// where that outline's text begins in `source`.
  void Add(yaml::NodeView root, const text::Source& source, std::size_t offset,
           DocumentOrigin origin, text::Diagnostics& diagnostics);

  /// In the order in which they were read.
  const std::deque<Document>& documents() const { return documents_; }
  bool empty() const { return documents_.empty(); }
  /// The document of this kind and name, or null.
  const Document* Find(std::string_view kind, std::string_view name) const;
  std::vector<const Document*> OfKind(std::string_view kind) const;

 private:
  void ReadSlice(const text::Source& source, const yaml::Slice& slice, bool first,
                 DocumentOrigin origin, text::Diagnostics& diagnostics);

  std::deque<Document> documents_;
  std::deque<std::unique_ptr<yaml::Outline>> outlines_;
};

}  // namespace cloudlab::policy
