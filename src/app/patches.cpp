// Sources: kubernetes-sigs/kustomize, api/types/selector.go, api/resmap/reswrangler.go (Select),
// kyaml/resid/resid.go (EffectiveNamespace); fluxcd/pkg, apis/kustomize.
#include "app/patches.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/package_file.hpp"
#include "yaml/json_patch.hpp"
#include "yaml/render.hpp"

namespace cloudlab::app {
namespace {

using kube::Manifest;
using yaml::Value;

constexpr const char* kObjectsFile = "objects.yaml";
constexpr std::string_view kComponentHead =
    "# What cloudlab did, as a component: patches, and new objects in objects.yaml. Written by\n"
    "# --patches for this one version of the manifests; write it anew for the next.\n";
constexpr std::string_view kObjectsHead =
    "# The new objects of the component in kustomization.yaml, which --patches wrote.\n";

/// `name` as a regular expression that nothing else matches.
std::string Exactly(std::string_view name) {
  constexpr std::string_view kSpecial = R"(\.+*?()|[]{}^$)";
  std::string out;
  for (const char c : name) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string VersionOf(const kube::ObjectId& id) {
  const std::size_t slash = id.api_version.find('/');
  return slash == std::string::npos ? id.api_version : id.api_version.substr(slash + 1);
}

std::string WrittenNamespace(const Manifest& manifest) {
  return manifest.root.Find({"metadata", "namespace"}).Text();
}

/// True for annotations by which a host finds the file of an object again.
bool IsNoteOfHost(std::string_view annotation) {
  return annotation == kube::kFilenameAnnotation || annotation == kube::kLegacyPathAnnotation ||
         annotation == kube::kLegacyIndexAnnotation ||
         annotation.starts_with("internal.config.kubernetes.io/");
}

/// The new object that stands in `text`, without notes of a host that nobody asks for any more.
Value ContentOf(std::string_view text) {
  const yaml::ScanResult scan = yaml::Scan(text, false);
  Value content = Value::From(yaml::NodeView::Root(scan.outline));
  Value* metadata = content.Find("metadata");
  Value* annotations = metadata == nullptr ? nullptr : metadata->Find("annotations");
  if (annotations == nullptr) return content;
  const std::vector<Value::Entry> all = annotations->entries();
  for (const auto& [key, value] : all) {
    if (IsNoteOfHost(key)) annotations->Erase(key);
  }
  if (annotations->entries().empty()) metadata->Erase("annotations");
  return content;
}

/// Objects that a target with nothing but kind and name would find.
struct Key {
  std::string kind;
  std::string name;
  auto operator<=>(const Key&) const = default;
};

class Writer {
 public:
  Writer(const text::Source& input, const Documents& documents, const kube::Index& index,
         text::Diagnostics& diagnostics)
      : input_(input), documents_(documents), index_(index), diagnostics_(diagnostics) {}

  Patches Write(const Output& output) {
    const auto& manifests = index_.manifests();
    for (const Manifest& manifest : manifests) Remember(manifest);
    for (std::size_t i = 0; i < documents_.size(); ++i) {
      if (documents_[i].leaves()) AddDeletions(i);
    }
    for (std::size_t first = 0; first < manifests.size();) {
      std::size_t end = first;
      while (end < manifests.size() && manifests[end].document == manifests[first].document) ++end;
      AddDocument(std::span(manifests).subspan(first, end - first));
      first = end;
    }
    return {Component(), Objects(output)};
  }

 private:
  void Remember(const Manifest& manifest) {
    rivals_[{manifest.id.kind, manifest.id.name}].push_back(&manifest);
  }

  /// Documents that are not part of the output. Policies are no manifests of the index.
  void AddDeletions(std::size_t number) {
    for (Manifest& manifest : kube::Manifests(documents_[number].input(), number)) {
      index_.ResolveNamespace(manifest.id);
      Value patch = Identity(manifest);
      patch.Put("$patch", Value::String("delete"));
      AddPatches(manifest, {yaml::RenderDocument(patch)});
    }
  }

  /// `before` are the manifests of one document, as they came.
  void AddDocument(std::span<const Manifest> before) {
    const Document& document = documents_[before.front().document];
    if (!document.edited() || document.leaves()) return;
    const auto after = kube::Manifests(document.current(), before.front().document);
    if (after.size() != before.size()) {
      return Refuse(before.front(), "its list has other items than before", "");
    }
    for (std::size_t i = 0; i < before.size(); ++i) AddManifest(before[i], after[i]);
  }

  void AddManifest(const Manifest& was, const Manifest& is) {
    Value before = Value::From(was.root);
    const Value after = Value::From(is.root);
    const Value merged = TakeNewMetadata(before, after);
    const std::vector<Value> operations = yaml::JsonPatch(before, after);
    std::vector<std::string> texts;
    if (!merged.entries().empty()) {
      Value patch = Identity(was);
      for (const auto& [key, value] : merged.entries()) patch.Find("metadata")->Put(key, value);
      texts.push_back(yaml::RenderDocument(patch));
    }
    if (!operations.empty()) {
      std::string& text = texts.emplace_back();
      for (const Value& operation : operations) yaml::RenderBlockItem(operation, 0, {}, text);
    }
    if (!texts.empty() && was.hook) WarnOfHook(was);
    AddPatches(was, std::move(texts));
  }

  /// Annotations and labels of an object that has had none. kustomize keeps notes of its own among
  /// the annotations while it works, and hosts add labels, so that nothing can be said of their
  /// absence, and only a merge does not lose them. `before` gets them, too.
  static Value TakeNewMetadata(Value& before, const Value& after) {
    Value taken;
    Value* old = before.Find("metadata");
    const Value* now = after.Find("metadata");
    if (old == nullptr || !old->IsMap() || now == nullptr) return taken;
    for (const char* key : {"annotations", "labels"}) {
      const Value* was = old->Find(key);
      const Value* is = now->Find(key);
      if ((was != nullptr && was->IsMap()) || is == nullptr || !is->IsMap()) continue;
      taken.Put(key, *is);
      old->Put(key, *is);
    }
    return taken;
  }

  /// The beginning of a patch that is merged.
  static Value Identity(const Manifest& of) {
    Value identity = Value::Map(
        {{"apiVersion", Value::String(of.id.api_version)}, {"kind", Value::String(of.id.kind)}});
    identity.Put("metadata", Value::Map({{"name", Value::String(of.id.name)}}));
    return identity;
  }

  void AddPatches(const Manifest& of, std::vector<std::string> texts) {
    const auto target = texts.empty() ? std::nullopt : TargetOf(of);
    if (!target) return;
    for (std::string& text : texts) {
      Value patch = Value::Map({{"target", *target}});
      patch.Put("patch", Value::String(std::move(text)));
      patches_.push_back(std::move(patch));
    }
  }

  /// How kustomize finds `of` and nothing else.
  std::optional<Value> TargetOf(const Manifest& of) {
    if (of.root.Find({"metadata", "name"}).Text().empty()) {
      Refuse(of, "it has no name, so that no patch can be for it", "");
      return std::nullopt;
    }
    bool of_other_group = false;
    bool of_other_namespace = false;
    for (const Manifest* rival : rivals_[{of.id.kind, of.id.name}]) {
      if (rival->root == of.root) continue;
      const bool same_group = rival->id.group() == of.id.group();
      if (same_group && rival->id.ns == of.id.ns) {
        Refuse(of, "it stands twice in the stream, which kustomize does not accept",
               "render only one of them, or exclude it from the policies");
        return std::nullopt;
      }
      of_other_group = of_other_group || !same_group;
      of_other_namespace = of_other_namespace || same_group;
    }
    Value target;
    const std::string group(of.id.group());
    if (!group.empty() || of_other_group) {
      target.Put("group", Value::String(group.empty() ? "^$" : group));
    }
    target.Put("version", Value::String(VersionOf(of.id)));
    target.Put("kind", Value::String(of.id.kind));
    target.Put("name", Value::String(Exactly(of.id.name)));
    const std::string ns = WrittenNamespace(of);
    if (!ns.empty()) {
      target.Put("namespace", Value::String(Exactly(ns)));
    } else if (of_other_namespace) {
      target.Put("namespace", Value::String("default"));
    }
    return target;
  }

  std::string Component() {
    Value component = Value::Map({{"apiVersion", Value::String("kustomize.config.k8s.io/v1alpha1")},
                                  {"kind", Value::String("Component")},
                                  {"resources", Value::Seq({Value::String(kObjectsFile)})}});
    component.Put("patches", Value::Seq(std::move(patches_)));
    return std::string(kComponentHead) + yaml::RenderDocument(component);
  }

  static std::string Objects(const Output& output) {
    std::string text(kObjectsHead);
    for (const Placed& placed : output.objects) {
      text += "---\n" + yaml::RenderDocument(ContentOf(*placed.object->text));
    }
    return text;
  }

  text::Diagnostic Finding(const Manifest& of) const {
    text::Diagnostic finding;
    finding.object = of.id.Display();
    if (const auto span = documents_[of.document].PlaceOf(of.root))
      finding.place = {&input_, *span};
    return finding;
  }

  void Refuse(const Manifest& of, const std::string& why, std::string hint) {
    text::Diagnostic error = Finding(of);
    error.code = "CL-X-PATCH";
    error.message = "the change cannot be written as a patch: " + why;
    error.hint = std::move(hint);
    diagnostics_.Add(std::move(error));
  }

  void WarnOfHook(const Manifest& of) {
    text::Diagnostic warning = Finding(of);
    warning.severity = text::Severity::kWarning;
    warning.code = "CL-X-PATCH-HOOK";
    warning.message = "the patch is for a hook of Helm, which not every host hands to patches";
    warning.hint = "with Flux, a HelmRelease needs the post-renderer strategy `combined`";
    diagnostics_.Add(std::move(warning));
  }

  const text::Source& input_;
  const Documents& documents_;
  const kube::Index& index_;
  text::Diagnostics& diagnostics_;
  std::map<Key, std::vector<const Manifest*>> rivals_;
  std::vector<Value> patches_;
};

/// The manifests were searched for what was replaced; names that are quoted here were not.
void CheckGuard(const Guard& guard, const Patches& patches, text::Diagnostics& diagnostics) {
  if (guard.Pass(patches.component) == patches.component &&
      guard.Pass(patches.objects) == patches.objects) {
    return;
  }
  text::Diagnostic error;
  error.code = "CL-X-PATCH";
  error.message = "a patch would show a value that was replaced by a reference";
  error.hint = "write the manifests to a file in place of --patches";
  diagnostics.Add(std::move(error));
}

}  // namespace

Patches MakePatches(const text::Source& input, const Documents& documents, const kube::Index& index,
                    const Output& output, const Guard& guard, text::Diagnostics& diagnostics) {
  Patches patches = Writer(input, documents, index, diagnostics).Write(output);
  CheckGuard(guard, patches, diagnostics);
  return patches;
}

}  // namespace cloudlab::app
