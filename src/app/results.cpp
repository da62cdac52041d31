#include "app/results.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "app/message.hpp"
#include "kube/manifest.hpp"
#include "kube/package_file.hpp"

namespace cloudlab::app {
namespace {

using yaml::Value;

class Printer {
 public:
  explicit Printer(const Result& result) : result_(result), places_(result.guard) {}

  Value Print() {
    for (const text::Diagnostic& diagnostic : result_.report.diagnostics.items()) {
      if (diagnostic.severity != text::Severity::kInfo) Add(diagnostic);
    }
    if (result_.exit_code == kInternal) {
      Add("error",
          "an edit did not turn out as intended; this is a bug of cloudlab: please report "
          "it [CL-X-PROOF]");
    }
    if (result_.is_check && result_.exit_code == kFailed && !has_error_) AddDrift();
    if (!result_.is_check && result_.exit_code == kDone) AddSummary();
    return std::move(results_);
  }

 private:
  Value& Add(std::string_view severity, const std::string& message) {
    has_error_ = has_error_ || severity == "error";
    Value result;
    result.Put("message", Shown(message));
    result.Put("severity", Value::String(std::string(severity)));
    results_.Append(std::move(result));
    return results_.mutable_items().back();
  }

  Value Shown(const std::string& text) const { return Value::String(result_.guard.Pass(text)); }

  void Add(const text::Diagnostic& diagnostic) {
    const bool is_error = diagnostic.severity == text::Severity::kError;
    std::string message = diagnostic.message + " [" + diagnostic.code + "]";
    if (!diagnostic.hint.empty()) message += "; " + diagnostic.hint;
    Value& result = Add(is_error ? "error" : "warning", message);
    if (const kube::Manifest* manifest = ManifestOf(diagnostic)) {
      Refer(manifest->id, manifest, result);
    }
    Value tags;
    tags.Put("code", Value::String(diagnostic.code));
    if (diagnostic.place.source != nullptr) {
      const text::LineColumn at = places_.Of(diagnostic.place);
      tags.Put("position",
               Value::String(diagnostic.place.source->name + ":" + std::to_string(at.line) + ":" +
                             std::to_string(at.column)));
    }
    result.Put("tags", std::move(tags));
  }

  /// The manifest that a finding names, or null.
  const kube::Manifest* ManifestOf(const text::Diagnostic& diagnostic) {
    if (diagnostic.object.empty() || result_.index == nullptr) return nullptr;
    if (manifests_.empty()) {
      for (const kube::Manifest& manifest : result_.index->manifests()) {
        manifests_.try_emplace(manifest.id.Display(), &manifest);
      }
    }
    const auto found = manifests_.find(diagnostic.object);
    return found == manifests_.end() ? nullptr : found->second;
  }

  /// Says which object a result is about, and which file that is in.
  static void Refer(const kube::ObjectId& id, const kube::Manifest* manifest, Value& result) {
    Value reference;
    reference.Put("apiVersion", Value::String(id.api_version));
    reference.Put("kind", Value::String(id.kind));
    reference.Put("name", Value::String(id.name));
    if (!id.ns.empty()) reference.Put("namespace", Value::String(id.ns));
    result.Put("resourceRef", std::move(reference));
    if (manifest == nullptr) return;
    const auto from = kube::PackageFileOf(manifest->annotations);
    if (!from) return;
    Value file;
    file.Put("path", Value::String(from->path));
    file.Put("index", Value::Int(from->index));
    result.Put("file", std::move(file));
  }

  void Refer(const kube::ObjectId& id, Value& result) const {
    Refer(id, result_.index == nullptr ? nullptr : result_.index->Find(id), result);
  }

  /// What a run that only looks would have done.
  void AddDrift() {
    for (const policy::FieldEdit& edit : result_.report.edits) {
      const std::string was = edit.old_value.empty() ? "(nothing)" : edit.old_value;
      const std::string becomes = edit.new_value.empty() ? "(nothing)" : edit.new_value;
      Value& result = Add("error", edit.path + " is " + was + ", and " + edit.policy +
                                       " makes it " + becomes + " [CL-X-DRIFT]");
      Refer(edit.object, result);
      Value field;
      field.Put("path", Value::String(edit.path));
      if (!edit.old_value.empty()) field.Put("currentValue", Shown(edit.old_value));
      if (!edit.new_value.empty()) field.Put("proposedValue", Shown(edit.new_value));
      result.Put("field", std::move(field));
    }
    for (const ObjectRow& row : result_.report.added) {
      Refer(row.object,
            Add("error", row.object.Display() + " is missing; " + row.policy + " makes it for " +
                             row.parent.Display() + " [CL-X-DRIFT]"));
    }
    for (const ObjectRow& row : result_.report.removed) {
      Refer(row.object, Add("error", row.object.Display() + " is left over of " + row.policy +
                                         " [CL-X-DRIFT]"));
    }
  }

  void AddSummary() {
    for (const PolicyCount& policy : result_.report.policies) {
      Add("info", policy.kind + "/" + policy.name + ": " + std::to_string(policy.selected) +
                      " selected, " + std::to_string(policy.changed) + " changed");
    }
  }

  const Result& result_;
  Places places_;
  std::unordered_map<std::string, const kube::Manifest*> manifests_;
  Value results_ = Value::Seq();
  bool has_error_ = false;
};

}  // namespace

yaml::Value ResultsOf(const Result& result) { return Printer(result).Print(); }

yaml::Value ErrorResult(const std::string& message) {
  yaml::Value result;
  result.Put("message", yaml::Value::String(message));
  result.Put("severity", yaml::Value::String("error"));
  return yaml::Value::Seq({std::move(result)});
}

}  // namespace cloudlab::app
