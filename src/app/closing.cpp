#include "app/closing.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "app/edited_stream.hpp"
#include "policy/annotations.hpp"
#include "policy/closure.hpp"

namespace cloudlab::app {
namespace {

constexpr std::string_view kProof = "autoscalers, budgets, limits and quotas fit together";

/// Groups of Kubernetes itself whose objects say something about pods, their number or their size.
constexpr std::array<std::string_view, 4> kGroupsThatCount = {"apps", "batch", "autoscaling",
                                                              "policy"};
constexpr std::array<std::string_view, 6> kCoreKindsThatCount = {
    "Pod", "PodTemplate", "ReplicationController", "LimitRange", "ResourceQuota", "Namespace"};

/// Custom resources may make pods; services, roles and configuration never do, and they are most of
/// a stream.
bool Counts(const kube::ObjectId& id) {
  const std::string_view group = id.group();
  if (group.empty())
    return std::ranges::find(kCoreKindsThatCount, id.kind) != kCoreKindsThatCount.end();
  if (std::ranges::find(kGroupsThatCount, group) != kGroupsThatCount.end()) return true;
  return !group.ends_with(".k8s.io") || group == "autoscaling.k8s.io" ||
         group == "apiextensions.k8s.io";
}

/// `checks` of the tier policies; where several speak, the strictest holds.
text::Severity CheckSeverity(const Rules& rules, std::string_view check, bool& ignored) {
  constexpr std::array<std::string_view, 3> kLevels = {"Ignore", "Warn", "Fail"};
  std::ptrdiff_t strictest = -1;
  for (const auto& policy : rules.policies) {
    const yaml::Value* checks = policy->document().spec.Find("checks");
    const yaml::Value* level = checks == nullptr ? nullptr : checks->Find(check);
    if (level == nullptr) continue;
    strictest = std::max(strictest, std::ranges::find(kLevels, level->text()) - kLevels.begin());
  }
  ignored = strictest == 0;
  return strictest == 2 ? text::Severity::kError : text::Severity::kWarning;
}

class Judge {
 public:
  explicit Judge(const Closing& closing) : closing_(closing) {
    for (const policy::NewObject& object : closing.wanted) {
      ours_[object.id] = object.policy;
      // Of the others nobody has a say about the number of pods.
      if (Scales(object.policy)) parents_.try_emplace(object.parent, object.policy);
    }
  }

  /// How severe a finding is for this run; nothing if nobody wants to know.
  std::optional<text::Severity> SeverityOf(const policy::ClosureFinding& finding) const {
    for (const auto& [code, check] : kChecks) {
      if (finding.code != code) continue;
      if (finding.severity == text::Severity::kInfo) return finding.severity;
      bool ignored = false;
      const text::Severity severity = CheckSeverity(closing_.rules, check, ignored);
      return ignored ? std::nullopt : std::optional(severity);
    }
    if (finding.code == "CL-C-REPLICAS") return SeverityOfReplicas(finding);
    const std::string* policy = MakerOf(ours_, finding);
    // A budget of ours that finds no pods protects nothing.
    if (policy != nullptr && finding.code == "CL-C-NO-PODS") return text::Severity::kError;
    if (policy == nullptr && finding.severity == text::Severity::kError) {
      return text::Severity::kWarning;  // Of the chart's own making.
    }
    return finding.severity;
  }

 private:
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kChecks = {{
      {"CL-C-LIMIT-RANGE", "limitRange"},
      {"CL-C-QUOTA", "resourceQuota"},
      {"CL-C-RUNTIME", "runtimeFlags"},
  }};

  using Makers = std::map<kube::ObjectId, std::string>;

  bool Scales(const std::string& policy) const {
    return std::ranges::any_of(closing_.rules.policies, [&](const auto& known) {
      return known->name() == policy && known->stage() == policy::Stage::kScaling;
    });
  }

  /// The policy that made one of the objects that the finding is about, or null.
  static const std::string* MakerOf(const Makers& makers, const policy::ClosureFinding& finding) {
    for (const kube::ObjectId& id : finding.objects) {
      const auto found = makers.find(id);
      if (found != makers.end()) return &found->second;
    }
    return nullptr;
  }

  /// spec.replicas beside an autoscaler: an error if a policy takes the field out wherever it
  /// scales. Where it lets the field stay, by itself or by an override, it has said so.
  std::optional<text::Severity> SeverityOfReplicas(const policy::ClosureFinding& finding) const {
    const std::string* name = MakerOf(parents_, finding);
    if (name == nullptr) name = MakerOf(ours_, finding);
    if (name == nullptr) return finding.severity;
    const bool removes = std::ranges::any_of(closing_.rules.policies, [&](const auto& policy) {
      const yaml::Value* replicas = policy->document().spec.Find("replicasPolicy");
      return policy->name() == *name && replicas != nullptr && replicas->text() == "Remove";
    });
    if (removes && !IsOverridden(finding, *name)) return text::Severity::kError;
    return std::nullopt;
  }

  bool IsOverridden(const policy::ClosureFinding& finding, const std::string& policy) const {
    const std::string key = std::string(policy::kOverridePrefix) + policy;
    return std::ranges::any_of(finding.objects, [&](const kube::ObjectId& id) {
      const kube::Manifest* manifest = closing_.index.Find(id);
      if (manifest == nullptr) return false;
      return !manifest->Annotation(key).empty() || !manifest->pod.Annotation(key).empty() ||
             !closing_.index.NamespaceAnnotation(id.ns, key).empty();
    });
  }

  const Closing& closing_;
  Makers ours_;
  Makers parents_;  // The workloads that scaling policies made something for.
};

/// Adds what the run wants to hear to the report; false if there is an error among it.
bool ReportFindings(const Closing& closing, std::vector<policy::ClosureFinding>& findings,
                    bool explain, Report& report) {
  const Judge judge(closing);
  bool passed = true;
  for (policy::ClosureFinding& finding : findings) {
    const std::optional<text::Severity> severity = judge.SeverityOf(finding);
    if (!severity || (*severity == text::Severity::kInfo && !explain)) continue;
    passed = passed && *severity != text::Severity::kError;
    text::Diagnostic diagnostic;
    diagnostic.severity = *severity;
    diagnostic.code = std::move(finding.code);
    diagnostic.message = std::move(finding.message);
    diagnostic.hint = std::move(finding.hint);
    if (!finding.objects.empty()) {
      diagnostic.object = finding.objects.front().Display();
      // Messages begin with the object, and so does the line that people see. Where others share
      // the verb ("a and b select"), the sentence needs it.
      const std::string begin = diagnostic.object + " ";
      if (diagnostic.message.starts_with(begin) &&
          !diagnostic.message.starts_with(begin + "and ")) {
        diagnostic.message.erase(0, begin.size());
      }
    }
    if (finding.document < closing.documents.size()) {
      const Document& document = closing.documents[finding.document];
      if (const auto span = document.PlaceOf(finding.node)) {
        diagnostic.place = {&closing.input, *span};
      }
    }
    report.diagnostics.Add(std::move(diagnostic));
  }
  return passed;
}

}  // namespace

bool NeedsClosing(const Rules& rules, const kube::Index& index) {
  if (rules.policies.empty()) return false;
  const bool asked = std::ranges::any_of(rules.policies, [](const auto& policy) {
    const policy::Stage stage = policy->stage();
    return stage == policy::Stage::kScaling || stage == policy::Stage::kBudgets ||
           policy->document().spec.Find("checks") != nullptr;
  });
  return asked || std::ranges::any_of(index.manifests(), [](const kube::Manifest& manifest) {
           return manifest.id.kind == "LimitRange" || manifest.id.kind == "ResourceQuota";
         });
}

void Close(const Closing& closing, const kube::Index* stream, bool explain, Report& report) {
  std::optional<EditedStream> own;
  if (stream == nullptr) {
    own.emplace(closing.documents, closing.rules, closing.index, closing.added,
                [](const kube::Manifest& manifest) { return Counts(manifest.id); });
    stream = &own->index();
  }
  std::vector<policy::ClosureFinding> findings = policy::CheckClosure(*stream);
  const bool passed = findings.empty() || ReportFindings(closing, findings, explain, report);
  report.proofs.push_back({std::string(kProof), passed});
}

}  // namespace cloudlab::app
