#include "policy/autoscaling/target.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "policy/annotations.hpp"
#include "policy/companion.hpp"
#include "policy/ownership.hpp"

namespace cloudlab::policy::autoscaling {
namespace {

constexpr std::string_view kIstioInject = "sidecar.istio.io/inject";

/// What makes an injector add a container when a pod is created: label or annotation, and value.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kMeshMarks = {{
    {kIstioInject, "true"},
    {"linkerd.io/inject", "enabled"},
    {"linkerd.io/inject", "ingress"},
    {"dapr.io/enabled", "true"},
    {"vault.hashicorp.com/agent-inject", "true"},
}};

/// True if Istio injects into every pod of the namespace that does not object (Istio, "Installing
/// the Sidecar"): labels of the Namespace.
bool IsInjectedByIstio(const kube::Manifest& ns) {
  return ns.Label("istio-injection") == "enabled" || !ns.Label("istio.io/rev").empty();
}

}  // namespace

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> StatedBound(const Subject& subject, std::string_view name) {
  const yaml::Value* horizontal = subject.spec->Find("horizontal");
  if (horizontal != nullptr) {
    if (const auto number = IntAt(*horizontal, name)) return number;
  }
  if (subject.profile == nullptr) return std::nullopt;
  return IntAt(subject.profile->autoscaling, name);
}

std::optional<std::int64_t> IntAt(const yaml::Value& map, std::string_view key) {
  return ParseInt(TextAt(map, key));
}

Target::Target(const Policy& policy, const Subject& subject, const Run& run, Proposal& proposal)
    : policy_(policy),
      subject_(subject),
      run_(run),
      proposal_(proposal),
      id_(subject.manifest->id),
      conflicts_(*subject.spec) {
  run.index->ResolveNamespace(id_);
  ReadContainers();
  controller_ = subject.manifest;
  for (const kube::Manifest* scaler : run.index->FindScalers(id_)) {
    if (scaler->id.kind == "Rollout") controller_ = scaler;
  }
  const yaml::NodeView node = controller_->root.Find({"spec", "replicas"});
  if (node && !node.IsNull()) replicas_ = ParseInt(node.Text());
}

void Target::ReadContainers() {
  for (const kube::Container& container : kube::Containers(pod())) {
    if (RoleOf(manifest(), run_, container) == kube::ContainerType::kApp) {
      app_containers_.push_back(container.name);
    }
  }
  main_container_ = kube::MainContainer(pod());
  if (std::ranges::find(app_containers_, main_container_) == app_containers_.end()) {
    main_container_ = app_containers_.empty() ? std::string() : app_containers_.front();
  }
  const kube::Manifest* ns = run_.index->FindNamespace(id_.ns);
  joins_mesh_ = ns != nullptr && IsInjectedByIstio(*ns) && NearestMark(kIstioInject) != "false";
  joins_mesh_ = joins_mesh_ || std::ranges::any_of(kMeshMarks, [this](const auto& mark) {
                  return NearestMark(mark.first) == mark.second;
                });
}

/// The annotation or label `key` of the pod, else the annotation of its Namespace.
std::string Target::NearestMark(std::string_view key) const {
  std::string mark = pod().Annotation(key);
  if (mark.empty()) mark = pod().Label(key);
  return mark.empty() ? run_.index->NamespaceAnnotation(id_.ns, key) : mark;
}

/// The replicas of the workload's tier, 1 if it has no tier or that one says none; nothing, after a
/// finding, if there is no such tier.
std::optional<std::int64_t> Target::LeastOfTier() const {
  const MatchTarget target{&manifest(), subject_.environment};
  const auto annotation = FindAnnotation(target, *run_.index, kTierAnnotation);
  const std::string name = annotation ? annotation->value : TextAt(spec(), "tier");
  if (name.empty()) return 1;
  const Profile* profile = subject_.profile;
  const Tier* tier = profile == nullptr ? nullptr : profile->FindTier(name);
  if (tier == nullptr) {
    const NoTier flaw = DescribeNoTier(profile, name);
    Tell(text::Severity::kError, "CL-B-TIER", flaw.message,
         annotation ? annotation->node : yaml::NodeView(), flaw.hint);
    return std::nullopt;
  }
  return std::max<std::int64_t>(tier->replicas.value_or(1), 1);
}

std::optional<Bounds> Target::ReadBounds() const {
  const std::optional<std::int64_t> most = StatedBound(subject_, "maxReplicas");
  if (!most) {
    Tell(text::Severity::kError, "CL-C-BOUNDS", "the policy knows no maxReplicas for this workload",
         {}, "give spec.horizontal.maxReplicas, or spec.autoscaling of the EnvironmentProfile");
    return std::nullopt;
  }
  std::optional<std::int64_t> least = StatedBound(subject_, "minReplicas");
  if (!least) least = LeastOfTier();
  if (!least) return std::nullopt;
  if (*least < 1 || *most < *least) {
    Tell(text::Severity::kError, "CL-C-BOUNDS",
         "minReplicas is " + std::to_string(*least) + " and maxReplicas is " +
             std::to_string(*most) + ": the least must be at least 1 and at most the most",
         {}, "the policy's own bounds win over those of the EnvironmentProfile; correct either");
    return std::nullopt;
  }
  return Bounds{*least, *most};
}

bool Target::IsOurs(const kube::Manifest& object) const {
  return IsManagedBy(object, policy_.name());
}

const kube::Manifest* Target::UnlessOfAnother(const kube::Manifest* object) const {
  if (object == nullptr || IsOurs(*object)) return object;
  return IsManagedByAny(*object, run_.applying) ? nullptr : object;
}

const kube::Manifest* Target::ForeignFirst(
    const std::vector<const kube::Manifest*>& objects) const {
  const kube::Manifest* ours = nullptr;
  for (const kube::Manifest* object : objects) {
    if (object == controller_ || UnlessOfAnother(object) == nullptr) continue;
    if (!IsOurs(*object)) return object;
    if (ours == nullptr) ours = object;
  }
  return ours;
}

const kube::Manifest* Target::ExistingScaler() const {
  return ForeignFirst(run_.index->FindScalers(controller_->id));
}

const yaml::Value* Target::ScalerOfAnother() const {
  for (const policy::NewObject* object : subject_.made) {
    const bool scales =
        object->id.kind == "HorizontalPodAutoscaler" || object->id.kind == "ScaledObject";
    if (scales && object->parent == id_ && object->policy != policy_.name()) {
      return &object->content;
    }
  }
  return nullptr;
}

const kube::Manifest* Target::ExistingVerticalScaler() const {
  const kube::Manifest* found = ForeignFirst(run_.index->FindVerticalScalers(controller_->id));
  if (found == nullptr || IsOurs(*found)) {
    const kube::Manifest* of_lender = ForeignFirst(run_.index->FindVerticalScalers(id_));
    if (of_lender != nullptr) return of_lender;
  }
  return found;
}

const kube::Manifest* Target::VerticalScalerOf(const std::vector<std::string>& resources) const {
  const kube::Manifest* scaler = ExistingVerticalScaler();
  if (scaler == nullptr || IsOurs(*scaler)) return nullptr;
  const yaml::NodeView mode = scaler->root.Find({"spec", "updatePolicy", "updateMode"});
  if (mode.TextIs("Off") || mode.TextIs("Initial")) return nullptr;
  const yaml::NodeView policies =
      scaler->root.Find({"spec", "resourcePolicy", "containerPolicies"});
  if (policies.children().empty()) return resources.empty() ? nullptr : scaler;
  for (const yaml::NodeView child : policies.children()) {
    const auto [mode_of_container, controlled] =
        child.Resolved().FindEach<2>({"mode", "controlledResources"});
    if (mode_of_container.TextIs("Off")) continue;
    if (!controlled) return resources.empty() ? nullptr : scaler;
    for (const yaml::NodeView item : controlled.children()) {
      if (std::ranges::find(resources, item.Resolved().Text()) != resources.end()) return scaler;
    }
  }
  return nullptr;
}

yaml::Value Target::NewObject(const std::string& api_version, const std::string& kind,
                              yaml::Value spec) const {
  if (!metadata_) metadata_ = CompanionMetadata(manifest(), policy_.name(), *run_.index);
  return yaml::Value::Map({{"apiVersion", yaml::Value::String(api_version)},
                           {"kind", yaml::Value::String(kind)},
                           {"metadata", *metadata_},
                           {"spec", std::move(spec)}});
}

void Target::Add(yaml::Value object) const {
  const kube::ObjectId id{TextAt(object, "apiVersion"), TextAt(object, "kind"), id_.ns,
                          TextAt(*object.Find("metadata"), "name")};
  const kube::Manifest* existing = run_.index->Find(id);
  // What is replaced on purpose is the autoscaler of this very workload.
  const bool replaces = existing != nullptr && conflicts() == ConflictPolicy::kReplace &&
                        existing == ExistingScaler();
  if (existing != nullptr && UnlessOfAnother(existing) != nullptr && !IsOurs(*existing) &&
      !replaces) {
    Tell(text::Severity::kError, "CL-C-NAME",
         id.Display() + " is in the stream already, is not of this policy, and is for another " +
             "workload",
         {}, "rename it in the chart");
    return;
  }
  proposal_.AddObject(std::move(object), id, /*named_in_policy=*/false);
}

yaml::Value Target::Reference() const {
  const kube::ObjectId& id = controller_->id;
  return yaml::Value::Map({{"apiVersion", yaml::Value::String(id.api_version)},
                           {"kind", yaml::Value::String(id.kind)},
                           {"name", yaml::Value::String(id.name)}});
}

std::optional<yaml::Value> Target::Selector() const { return PodSelectorOf(manifest()); }

void Target::Skip(const std::string& code, const std::string& message) const {
  proposal_.AddSkip(code, message);
}

void Target::Tell(text::Severity severity, const std::string& code, const std::string& message,
                  yaml::NodeView node, const std::string& hint) const {
  proposal_.AddFinding(severity, code, message, node, hint);
}

}  // namespace cloudlab::policy::autoscaling
