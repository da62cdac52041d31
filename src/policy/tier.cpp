#include "policy/tier.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kube/pod_resources.hpp"
#include "policy/annotations.hpp"
#include "policy/match.hpp"
#include "policy/ownership.hpp"
#include "policy/pod_edit.hpp"
#include "policy/sizing.hpp"
#include "policy/suggest.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::policy {
namespace {

/// The name of a tier and where it comes from.
struct TierName {
  std::string name;
  std::string annotation;  ///< Its key, or empty if the policy says so.
  yaml::NodeView node;     ///< Of the annotation.
};

/// What a rule of `containers` says.
struct Rule {
  ContainerSelector selector;
  std::string tier;
};

/// One application of the policy to one workload.
class Sizer {
 public:
  Sizer(const Subject& subject, const Run& run, const kube::PodTemplate& pod, Proposal& proposal);

  void SizePod();

 private:
  TierName WorkloadTier() const;
  TierName ContainerTier(const kube::Container& container) const;
  TierName AnnotatedTier(const std::string& key) const;
  void CheckAnnotations() const;
  const Tier* FindTier(const TierName& name);
  Origin OriginOf(const TierName& name) const;

  void SizeContainer(const kube::Container& container, kube::ContainerResources& model);
  void SizeResource(const kube::Container& container, const std::string& resource,
                    const TierName& name, const Tier& tier, kube::ContainerResources& model);
  bool ReadSides(const kube::Container& container, const std::string& resource, Sides& sides) const;
  bool Contradicts(const kube::Container& container, const std::vector<std::string>& path);
  void Note(const kube::Container& container, const std::string& resource, const Sizing& sizing,
            const TierName& name) const;
  void SetReplicas();
  bool MayScale(std::int64_t current, bool stated, std::int64_t wanted) const;
  void ReportPod(const kube::PodResources& before, const kube::PodResources& after) const;

  const Subject& subject_;
  const Run& run_;
  const kube::PodTemplate& pod_;
  Proposal& proposal_;
  kube::ObjectId id_;
  Conflicts conflicts_;
  OnInvalid on_invalid_ = OnInvalid::kRaiseLimit;
  std::vector<Rule> rules_;
  std::vector<kube::Container> containers_;
  TierName workload_tier_;
  std::set<std::string> unknown_;
  bool changed_ = false;
};

OnInvalid ParseOnInvalid(const std::string& text) {
  if (text == "ClampRequest") return OnInvalid::kClampRequest;
  return text == "Fail" ? OnInvalid::kFail : OnInvalid::kRaiseLimit;
}

Sizer::Sizer(const Subject& subject, const Run& run, const kube::PodTemplate& pod,
             Proposal& proposal)
    : subject_(subject),
      run_(run),
      pod_(pod),
      proposal_(proposal),
      id_(subject.manifest->id),
      conflicts_(*subject.spec),
      on_invalid_(ParseOnInvalid(TextAt(*subject.spec, "onInvalid"))),
      containers_(kube::Containers(pod)) {
  run.index->ResolveNamespace(id_);
  if (const yaml::Value* rules = subject.spec->Find("containers")) {
    for (const yaml::Value& rule : rules->items()) {
      rules_.push_back({ContainerSelector(rule.Find("match")), TextAt(rule, "tier")});
    }
  }
  workload_tier_ = WorkloadTier();
}

/// What the annotation `key` says, of the pod template, else of the object, else of the Namespace.
TierName Sizer::AnnotatedTier(const std::string& key) const {
  const MatchTarget target{subject_.manifest, subject_.environment};
  const std::vector<Annotation> found = FindAnnotations(target, *run_.index, key);
  for (auto nearest = found.rbegin(); nearest != found.rend(); ++nearest) {
    if (!nearest->value.empty()) return {nearest->value, key, nearest->node};
  }
  return {};
}

TierName Sizer::WorkloadTier() const {
  TierName tier = AnnotatedTier(std::string(kTierAnnotation));
  if (!tier.name.empty()) return tier;
  return {TextAt(*subject_.spec, "tier"), {}, {}};
}

TierName Sizer::ContainerTier(const kube::Container& container) const {
  if (container.type == kube::ContainerType::kEphemeral) return {};  // Cannot have resources.
  TierName own = AnnotatedTier(std::string(kContainerTierPrefix) + container.name);
  if (!own.name.empty()) return own;
  const kube::ContainerType role = RoleOf(*subject_.manifest, run_, container);
  for (const Rule& rule : rules_) {
    if (rule.selector.Matches(container.name, container.Image(), role)) return {rule.tier, {}, {}};
  }
  return role == kube::ContainerType::kApp ? workload_tier_ : TierName();
}

/// Warns of annotations that name a container that is not there.
void Sizer::CheckAnnotations() const {
  std::vector<std::string> names;
  for (const kube::Container& container : containers_) names.push_back(container.name);
  const MatchTarget target{subject_.manifest, subject_.environment};
  for (const auto& [key, node] : OwnAnnotations(target)) {
    if (!key.starts_with(kContainerTierPrefix)) continue;
    const std::string name = key.substr(kContainerTierPrefix.size());
    if (std::ranges::find(names, name) != names.end()) continue;
    proposal_.AddFinding(text::Severity::kWarning, "CL-B-NO-CONTAINER",
                         "annotation " + key + " names no container of this pod", node,
                         Suggestion(name, names));
  }
}

const Tier* Sizer::FindTier(const TierName& name) {
  const Profile* profile = subject_.profile;
  if (profile != nullptr) {
    if (const Tier* tier = profile->FindTier(name.name)) return tier;
  }
  if (!unknown_.insert(name.name).second) return nullptr;  // Said once for each pod.
  NoTier flaw = DescribeNoTier(profile, name.name);
  proposal_.AddFinding(text::Severity::kError, "CL-B-TIER", std::move(flaw.message), name.node,
                       std::move(flaw.hint));
  return nullptr;
}

Origin Sizer::OriginOf(const TierName& name) const {
  return {.profile = subject_.profile->name + "/" + name.name,
          .override = name.annotation.empty() ? subject_.override : name.annotation};
}

/// Request and limit as the chart has them; false if one of them is no quantity.
bool Sizer::ReadSides(const kube::Container& container, const std::string& resource,
                      Sides& sides) const {
  for (const char* side : {"requests", "limits"}) {
    const yaml::NodeView node = container.node.Find({"resources", side}).Find(resource);
    if (!node || node.IsNull()) continue;
    const auto value = kube::ReadQuantity(node);
    if (!value) {
      proposal_.AddFinding(text::Severity::kWarning, "CL-B-QUANTITY",
                           std::string(side) + "." + resource + " of container " + container.name +
                               " is no quantity; left as it is",
                           node, "write it as 500m, 1Gi, or a quoted number");
      return false;
    }
    (side[0] == 'r' ? sides.request : sides.limit) = Amount{*value, node.Text()};
  }
  return true;
}

void Sizer::Note(const kube::Container& container, const std::string& resource,
                 const Sizing& sizing, const TierName& name) const {
  const std::string what = resource + " of container " + container.name;
  switch (sizing.note) {
    case Sizing::Note::kNone:
      return;
    case Sizing::Note::kLimitRaised:
      proposal_.AddFinding(
          text::Severity::kInfo, "CL-B-LIMIT-RAISED",
          "the limit of " + what + " is raised to its request, " + sizing.write.limit->text,
          container.node);
      return;
    case Sizing::Note::kRequestClamped:
      proposal_.AddFinding(
          text::Severity::kInfo, "CL-B-REQUEST-CLAMPED",
          "the request for " + what + " is lowered to its limit, " + sizing.write.request->text,
          container.node);
      return;
    case Sizing::Note::kNotScaled:
      proposal_.AddSkip("CL-B-DEVICES", what + " stays as the chart says: a number of devices is " +
                                            "not scaled by tier " + name.name);
      return;
  }
}

void Sizer::SizeResource(const kube::Container& container, const std::string& resource,
                         const TierName& name, const Tier& tier, kube::ContainerResources& model) {
  Sides chart;
  if (!ReadSides(container, resource, chart)) return;
  Sides wanted;
  // The schema checked both; an unreadable one would simply not be there.
  if (const std::string* text = FindQuantity(tier.requests, resource)) {
    wanted.request = Amount::Parse(*text);
  }
  if (const std::string* text = FindQuantity(tier.limits, resource)) {
    wanted.limit = Amount::Parse(*text);
  }
  const SizingRules rules{.request = conflicts_.Of("requests." + resource),
                          .limit = conflicts_.Of("limits." + resource),
                          .on_invalid = on_invalid_};
  const Sizing sizing = Size(resource, chart, wanted, rules);
  if (!sizing.error.empty()) {
    yaml::NodeView node = container.node;
    for (const char* side : {"limits", "requests"}) {
      const yaml::NodeView field = container.node.Find({"resources", side}).Find(resource);
      if (field) node = field;
    }
    proposal_.AddFinding(text::Severity::kError, "CL-B-CONFLICT",
                         resource + " of container " + container.name + ": " + sizing.error, node,
                         "change the chart's value, the tier, or the policy");
    return;
  }
  Note(container, resource, sizing, name);
  const auto settle = [&](const char* side, const std::optional<Amount>& amount, bool claims,
                          kube::ResourceList& list) {
    const std::vector<std::string> path = {"resources", side, resource};
    if (claims) proposal_.Claim(container.node, path);
    if (!amount || Contradicts(container, path)) return;
    proposal_.Put(container.node, path, QuantityValue(amount->text), OriginOf(name));
    list[resource] = amount->value;
    changed_ = true;
  };
  settle("requests", sizing.write.request, sizing.claims_request, model.requests);
  settle("limits", sizing.write.limit, sizing.claims_limit, model.limits);
}

/// True, with a conflict, if a sidecar policy stated what stands at `path` of the container: what
/// it stated stands there, and this policy is about to write something else.
bool Sizer::Contradicts(const kube::Container& container, const std::vector<std::string>& path) {
  for (const StatedResource& stated : subject_.stated) {
    if (stated.container != container.name || stated.object != subject_.manifest->id) continue;
    if (stated.field != path[1] + "." + path[2]) continue;
    proposal_.Contradict(stated, container.node, path);
    return true;
  }
  return false;
}

void Sizer::SizeContainer(const kube::Container& container, kube::ContainerResources& model) {
  const TierName name = ContainerTier(container);
  if (name.name.empty()) return;
  const Tier* tier = FindTier(name);
  if (tier == nullptr) return;
  for (const auto& [resource, unused] : tier->requests) {
    SizeResource(container, resource, name, *tier, model);
  }
  for (const auto& [resource, unused] : tier->limits) {
    if (FindQuantity(tier->requests, resource) != nullptr) continue;
    SizeResource(container, resource, name, *tier, model);
  }
}

/// Rule B7: who may say how many pods there are. `stated` is whether the chart says it.
bool Sizer::MayScale(std::int64_t current, bool stated, std::int64_t wanted) const {
  const std::string left =
      "replicas stay as they are (the tier says " + std::to_string(wanted) + "): ";
  for (const kube::Manifest* scaler : run_.index->FindScalers(id_)) {
    // One of ours is not in the first run's stream, and in this run it may go: the policy that
    // makes it sees to the replicas.
    if (IsManagedByAny(*scaler, run_.applying)) continue;
    proposal_.AddSkip("CL-B-REPLICAS-SCALED", left + scaler->id.Display() + " sets them");
    return false;
  }
  if (stated && current == 0) {
    proposal_.AddSkip("CL-B-REPLICAS-ZERO", left + "the chart switches the workload off with 0");
    return false;
  }
  if (id_.kind == "StatefulSet" && !conflicts_.Names("replicas")) {
    proposal_.AddSkip("CL-B-REPLICAS-STATEFULSET",
                      left + "members of a StatefulSet are not interchangeable; set " +
                          "conflicts.replicas in the policy to change them");
    return false;
  }
  return true;
}

void Sizer::SetReplicas() {
  if (!kube::IsScalable(id_) || workload_tier_.name.empty()) return;
  const Tier* tier = subject_.profile->FindTier(workload_tier_.name);
  if (tier == nullptr || !tier->replicas) return;
  const yaml::NodeView node = subject_.manifest->root.Find({"spec", "replicas"});
  const bool stated = node && !node.IsNull();
  std::int64_t current = 1;  // The API server's default.
  if (stated) {
    const std::string text = node.Text();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), current);
    if (error != std::errc() || end != text.data() + text.size()) {
      proposal_.AddFinding(text::Severity::kWarning, "CL-B-QUANTITY",
                           "spec.replicas is no whole number; left as it is", node);
      return;
    }
  }
  std::int64_t wanted = *tier->replicas;
  const ConflictPolicy policy = conflicts_.Of("replicas");
  const std::vector<std::string> path = {"spec", "replicas"};
  if (wanted == current) {
    // Nothing to write, but another policy may not want another number.
    const bool left = id_.kind == "StatefulSet" && !conflicts_.Names("replicas");
    const bool wants = !stated || policy != ConflictPolicy::kKeep;
    if (wants && !left) proposal_.Claim(subject_.manifest->root, path);
    return;
  }
  if (!MayScale(current, stated, wanted)) return;
  switch (policy) {
    case ConflictPolicy::kKeep:
      if (stated) return;
      break;
    case ConflictPolicy::kMax:
      wanted = std::max(wanted, current);
      break;
    case ConflictPolicy::kMin:
      if (stated) wanted = std::min(wanted, current);
      break;
    case ConflictPolicy::kFail:
      if (!stated) break;
      proposal_.AddFinding(text::Severity::kError, "CL-B-CONFLICT",
                           "replicas is " + std::to_string(current) + " in the chart and " +
                               std::to_string(wanted) +
                               " in the policy, and conflictPolicy is Fail",
                           node, "change the chart's value, the tier, or the policy");
      return;
    case ConflictPolicy::kReplace:
    case ConflictPolicy::kMerge:
      break;
  }
  if (wanted == current) {
    proposal_.Claim(subject_.manifest->root, path);
  } else {
    proposal_.Put(subject_.manifest->root, path, yaml::Value::Int(wanted),
                  OriginOf(workload_tier_));
  }
}

/// Rules B4 and B5: what the pod as a whole asks for now, and which class that makes it.
void Sizer::ReportPod(const kube::PodResources& before, const kube::PodResources& after) const {
  if (!run_.explain) return;
  const auto wanted = kube::ParseQosClass(TextAt(*subject_.spec, "qosClass"));
  const kube::QosClass reached = kube::Qos(after);
  const bool missed = wanted && *wanted != reached;
  if (!changed_ && !missed) return;
  std::string message = "the pod requests " + kube::Print(kube::EffectiveRequest(after)) +
                        " (before: " + kube::Print(kube::EffectiveRequest(before)) +
                        "); its QoS class is " + std::string(kube::Name(reached)) +
                        " (before: " + std::string(kube::Name(kube::Qos(before))) + ")";
  if (missed) {
    message += ", not " + std::string(kube::Name(*wanted));
    const std::string obstacle = kube::ObstacleToGuaranteed(after);
    if (*wanted == kube::QosClass::kGuaranteed) message += ": " + obstacle;
  }
  proposal_.AddFinding(text::Severity::kInfo, "CL-B-QOS", std::move(message), pod_.spec);
}

void Sizer::SizePod() {
  CheckAnnotations();
  if (kube::ReadPodLevel(pod_).HasPodLevel()) {
    proposal_.AddSkip("CL-B-POD-LEVEL",
                      "the pod says in spec.resources what it needs as a whole; a tier is for "
                      "single containers");
    return;
  }
  // The pod as a whole is only told about, to those who read it.
  const auto before = run_.explain ? kube::ReadPodResources(pod_) : kube::PodResources();
  kube::PodResources after = before;
  after.containers.resize(containers_.size());
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    SizeContainer(containers_[i], after.containers[i]);
  }
  if (subject_.profile != nullptr) SetReplicas();
  if (changed_) WarnIfImmutable(proposal_);
  ReportPod(before, after);
}

}  // namespace

void ResourceTierPolicy::Propose(const Subject& subject, const Run& run, Proposal& proposal) const {
  const kube::PodTemplate& pod = subject.manifest->pod;
  if (!pod) return;  // Selection skips what has none.
  Sizer(subject, run, pod, proposal).SizePod();
}

}  // namespace cloudlab::policy
