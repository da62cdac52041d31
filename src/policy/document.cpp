// From text to documents: split, scan, find the kind, check against its schema, fill defaults in.
//
// A document with any flaw is reported and not added, so that what is in a set can be trusted; the
// run ends with these errors before anything asks for the missing document.
#include "policy/document.hpp"

#include <algorithm>
#include <utility>

#include "policy/diagnose.hpp"
#include "policy/registry.hpp"
#include "policy/schema.hpp"
#include "policy/suggest.hpp"
#include "policy/validate.hpp"
#include "text/line_index.hpp"

namespace cloudlab::policy {
namespace {

text::Place PlaceIn(const text::Source* source, std::size_t offset, text::Span span) {
  const auto shift = static_cast<std::uint32_t>(offset);
  return {source, {span.begin + shift, span.end + shift}};
}

/// The bytes that stand for `node` in a message: its value, or its key where there is no value.
text::Span SpanOf(yaml::NodeView node, bool at_key) {
  const yaml::Node& at = node.node();
  return (at_key || at.value.empty()) && !at.key.empty() ? at.key : at.value;
}

std::string_view GroupOf(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? std::string_view() : api_version.substr(0, slash);
}

/// A document that is being read; becomes part of the set if it has no flaw.
class Reader {
 public:
  Reader(Document document, text::Diagnostics& diagnostics)
      : document_(std::move(document)), diagnostics_(diagnostics) {}

  bool Run(const DocumentSet& others) {
    const KindSchema* schema = FindKind();
    if (schema == nullptr) return false;
    const std::vector<Flaw> flaws = Check(*schema->document, document_.root, "");
    for (const Flaw& flaw : flaws) {
      Add(flaw.code, flaw.message, flaw.node, flaw.at_key, flaw.hint);
    }
    if (!flaws.empty()) return false;
    document_.kind = schema->kind;
    document_.name = OriginalName(document_.root);
    document_.spec = yaml::Value::From(document_.root.Find("spec"));
    FillDefaults(schema->spec(), document_.spec);
    return MayJoin(others);
  }

  Document Take() { return std::move(document_); }

 private:
  void Add(std::string code, std::string message, yaml::NodeView node, bool at_key = false,
           std::string hint = {}) {
    diagnostics_.Add(Error(std::move(code), std::move(message),
                           PlaceIn(document_.source, document_.offset, SpanOf(node, at_key)),
                           std::move(hint)));
  }

  /// Checks what must hold before the schema can be chosen.
  const KindSchema* FindKind() {
    const yaml::NodeView root = document_.root;
    const yaml::NodeView version = root.Find("apiVersion");
    if (!version || GroupOf(version.Text()) != kGroup) {
      Add("CL-P-FOREIGN",
          "this is no policy document: its apiVersion is not of " + std::string(kGroup),
          version ? version : root, false, "write apiVersion: " + std::string(kApiVersion));
      return nullptr;
    }
    if (!version.TextIs(kApiVersion)) {
      Add("CL-P-VERSION", "unknown version \"" + version.Text() + "\"", version, false,
          "the version that exists is " + std::string(kApiVersion));
      return nullptr;
    }
    const yaml::NodeView kind = root.Find("kind");
    const KindSchema* schema = FindSchema(kind.Text());
    if (schema != nullptr) return schema;
    const std::vector<std::string> names = KindNames();
    const std::string nearest = Nearest(kind.Text(), names);
    Add("CL-P-KIND", kind ? "unknown kind \"" + kind.Text() + "\"" : "field \"kind\" is missing",
        kind ? kind : root, false,
        (nearest.empty() ? "" : "did you mean \"" + nearest + "\"? ") +
            "kinds are: " + Joined(names));
    return nullptr;
  }

  /// The rules between documents.
  bool MayJoin(const DocumentSet& others) {
    if (document_.origin == DocumentOrigin::kStream && document_.kind == "PolicyException") {
      Add("CL-P-STREAM", "a PolicyException in the stream: what is deployed may not lift policies",
          document_.root.Find("kind"), false, "put it into the config");
      return false;
    }
    for (const Document& other : others.documents()) {
      if (other.name != document_.name) continue;
      if (IsCopyOf(other) || Collide(other)) return false;
    }
    return true;
  }

  /// True if kustomize has brought one document in twice, under two names: by way of two overlays.
  bool IsCopyOf(const Document& other) const {
    const auto current = [](yaml::NodeView root) { return root.Find({"metadata", "name"}).Text(); };
    return document_.origin == DocumentOrigin::kStream && other.origin == document_.origin &&
           other.kind == document_.kind && other.spec == document_.spec &&
           current(other.root) != current(document_.root);
  }

  /// Says so if the two cannot have one name. Annotations name policies without their kind, so that
  /// policies of two kinds would share opt-outs, overrides and the mark of ownership.
  bool Collide(const Document& other) {
    const bool same_kind = other.kind == document_.kind;
    if (!same_kind && (!IsPolicyKind(other.kind) || !IsPolicyKind(document_.kind))) return false;
    const text::Place first = other.name_place();
    const std::size_t line = text::Locate(first.source->text, first.span.begin).line;
    const std::string where = first.source->name + ":" + std::to_string(line);
    Add("CL-P-DUPLICATE",
        same_kind ? document_.Display() + " stands twice; the first one is in " + where
                  : document_.Display() + " has the name of " + other.Display() + " in " + where,
        document_.root.Find({"metadata", "name"}), false,
        same_kind
            ? ""
            : "rename one: annotations name policies without their kind, and would mean both");
    return true;
  }

  Document document_;
  text::Diagnostics& diagnostics_;
};

}  // namespace

text::Place Document::PlaceOf(yaml::NodeView node) const {
  if (!node || source == nullptr) return {};
  return PlaceIn(source, offset, SpanOf(node, false));
}

text::Place Document::PlaceAt(std::initializer_list<std::string_view> path) const {
  yaml::NodeView at = root;
  for (const std::string_view key : path) {
    const yaml::NodeView next = at.Find(key);
    if (!next) break;
    at = next;
  }
  return PlaceOf(at);
}

bool Document::locked() const {
  const yaml::Value* locked = spec.Find("locked");
  return locked != nullptr && locked->text() == "true";
}

bool IsPolicyDocument(yaml::NodeView root) {
  return root.IsMap() && GroupOf(root.Find("apiVersion").Text()) == kGroup;
}

std::string OriginalName(yaml::NodeView root) {
  const auto [name, annotations] = root.Find("metadata").FindEach<2>({"name", "annotations"});
  const std::string earlier =
      annotations.Find("internal.config.kubernetes.io/previousNames").Text();
  return earlier.empty() ? name.Text() : earlier.substr(0, earlier.find(','));
}

void DocumentSet::Read(const text::Source& source, text::Diagnostics& diagnostics) {
  bool first = true;
  for (const yaml::Slice& slice : yaml::Split(source.text)) {
    ReadSlice(source, slice, first, DocumentOrigin::kConfig, diagnostics);
    first = false;
  }
}

void DocumentSet::ReadFromStream(const text::Source& stream, const yaml::Slice& slice,
                                 text::Diagnostics& diagnostics) {
  ReadSlice(stream, slice, slice.offset == 0, DocumentOrigin::kStream, diagnostics);
}

void DocumentSet::ReadSlice(const text::Source& source, const yaml::Slice& slice, bool first,
                            DocumentOrigin origin, text::Diagnostics& diagnostics) {
  yaml::ScanResult scan =
      slice.is_item ? yaml::ScanItem(slice.text) : yaml::Scan(slice.text, first);
  if (scan.problem) {
    diagnostics.Add(Error(std::string(scan.problem->code), scan.problem->message,
                          PlaceIn(&source, slice.offset, scan.problem->span), scan.problem->hint));
    return;
  }
  if (scan.outline.empty()) return;
  outlines_.push_back(std::make_unique<yaml::Outline>(std::move(scan.outline)));
  Add(yaml::NodeView::Root(*outlines_.back()), source, slice.offset, origin, diagnostics);
}

void DocumentSet::Add(yaml::NodeView root, const text::Source& source, std::size_t offset,
                      DocumentOrigin origin, text::Diagnostics& diagnostics) {
  Document document;
  document.root = root;
  document.source = &source;
  document.offset = offset;
  document.origin = origin;
  Reader reader(std::move(document), diagnostics);
  if (!reader.Run(*this)) return;
  documents_.push_back(reader.Take());
  if (documents_.back().kind != "Pipeline") return;
  for (const yaml::NodeView item : root.Find({"spec", "policies"}).children()) {
    const yaml::NodeView inlined = item.Resolved();
    if (!inlined.IsMap()) continue;
    if (inlined.Find("kind").TextIs("Pipeline")) {
      diagnostics.Add(Error("CL-P-PIPELINES", "a Pipeline inside a Pipeline",
                            PlaceIn(&source, offset, SpanOf(inlined.Find("kind"), false)),
                            "a run has one Pipeline"));
      continue;
    }
    Add(inlined, source, offset, origin, diagnostics);
  }
}

const Document* DocumentSet::Find(std::string_view kind, std::string_view name) const {
  for (const Document& document : documents_) {
    if (document.kind == kind && document.name == name) return &document;
  }
  return nullptr;
}

std::vector<const Document*> DocumentSet::OfKind(std::string_view kind) const {
  std::vector<const Document*> found;
  for (const Document& document : documents_) {
    if (document.kind == kind) found.push_back(&document);
  }
  return found;
}

}  // namespace cloudlab::policy
