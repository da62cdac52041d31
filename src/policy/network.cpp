#include "policy/network.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "kube/pod_template.hpp"
#include "kube/workload.hpp"
#include "policy/annotations.hpp"
#include "policy/companion.hpp"
#include "policy/glob.hpp"
#include "policy/network/emit.hpp"
#include "policy/network/opening.hpp"
#include "policy/network/traffic.hpp"
#include "policy/ownership.hpp"

namespace cloudlab::policy {
namespace {

using network::Access;
using network::Emit;
using network::Opening;
using network::Settings;
using network::Traffic;
using yaml::Value;

struct Kind {
  std::string_view api_version;
  std::string_view kind;
};

Kind KindOf(Emit emit) {
  switch (emit) {
    case Emit::kNetworkPolicy:
      return {"networking.k8s.io/v1", "NetworkPolicy"};
    case Emit::kCiliumNetworkPolicy:
      return {"cilium.io/v2", "CiliumNetworkPolicy"};
    case Emit::kAuthorizationPolicy:
      return {"security.istio.io/v1", "AuthorizationPolicy"};
  }
  return {};
}

Value SpecOf(Emit emit, const Access& access, const Settings& settings) {
  switch (emit) {
    case Emit::kNetworkPolicy:
      return NetworkPolicySpec(access);
    case Emit::kCiliumNetworkPolicy:
      return CiliumNetworkPolicySpec(access, settings);
    case Emit::kAuthorizationPolicy:
      return AuthorizationPolicySpec(access, settings);
  }
  return {};
}

std::string PortText(const network::PortRange& port) {
  if (port.IsAny()) return "every port";
  std::string text = std::string(Name(port.protocol)) + " " + std::to_string(port.first);
  return port.last == port.first ? text : text + "-" + std::to_string(port.last);
}

/// One line for each opening: "ingress TCP 8080 from Deployment/shop/web: Deployment/web env CART".
std::string EvidenceText(const Access& access) {
  std::string text;
  std::set<std::string> known;
  const auto add = [&](const char* direction, const std::vector<Opening>& openings) {
    for (const Opening& opening : openings) {
      std::string line = direction + (" " + PortText(opening.port)) +
                         (std::string_view(direction) == "ingress" ? " from " : " to ") +
                         opening.who + ": " + opening.evidence + "\n";
      const auto [place, added] = known.insert(std::move(line));
      if (added) text += *place;
    }
  };
  if (access.isolates_ingress) add("ingress", access.ingress);
  if (access.isolates_egress) add("egress", access.egress);
  return text;
}

/// What one policy wants for one workload.
class Maker {
 public:
  Maker(const Policy& policy, const kube::Manifest& workload, const Settings& settings,
        const Run& run, Proposal& proposal)
      : policy_(policy),
        workload_(workload),
        settings_(settings),
        traffic_(*run.traffic),
        run_(run),
        proposal_(proposal) {}

  void Run() {
    if (kube::UsesHostNetwork(workload_.pod)) {
      proposal_.AddSkip("CL-D-HOST-NETWORK",
                        "it uses the network of its node, where no policy holds for its pods "
                        "alone; protect it with a firewall of the node");
      return;
    }
    std::vector<network::Notice> notices;
    const std::optional<Access> access = Open(workload_, settings_, traffic_, notices);
    if (!access) {
      proposal_.AddSkip("CL-D-NO-LABELS",
                        "no label tells its pods from others: a policy could not select them; "
                        "give the pods a label of their own");
      return;
    }
    for (network::Notice& notice : notices) {
      proposal_.AddFinding(notice.severity, std::move(notice.code), std::move(notice.message),
                           notice.node ? notice.node : workload_.root, std::move(notice.hint));
    }
    if (!workload_.root.Find({"metadata", "name"})) {
      proposal_.AddSkip("CL-D-NO-NAME",
                        "it has no metadata.name after which a policy could be called");
      return;
    }
    if (settings_.deny == Settings::Deny::kNamespace && !CloseNamespace()) return;
    for (const Emit emit : settings_.emit) Write(emit, *access);
  }

 private:
  void Write(Emit emit, const Access& access) {
    if (emit == Emit::kAuthorizationPolicy && !MayAuthorize(access)) return;
    Value spec = SpecOf(emit, access, settings_);
    // Nothing to isolate and nothing to open: `defaultDeny: None` where nobody else closes, or
    // where nothing is to be opened again. Cilium refuses an object without rules.
    const bool has_rules = spec.Find("ingress") != nullptr || spec.Find("egress") != nullptr;
    if ((!access.isolates_ingress && !access.isolates_egress) ||
        (emit == Emit::kCiliumNetworkPolicy && !has_rules)) {
      proposal_.AddSkip("CL-D-OPEN",
                        "defaultDeny is None, and what other policies of the stream close nobody "
                        "needs: there is nothing to open");
      return;
    }
    Value metadata = CompanionMetadata(workload_, policy_.name(), traffic_.stream());
    if (settings_.annotates_evidence) {
      metadata.Find("annotations")
          ->Put(std::string(kEvidenceAnnotation), Value::String(EvidenceText(access)));
    }
    Add(emit, std::move(metadata), std::move(spec));
  }

  bool MayAuthorize(const Access& access) {
    const std::string root = settings_.ForReach().root_namespace;
    if (const kube::Manifest* other = traffic_.AuthorizationOf(workload_, root)) {
      proposal_.AddSkip("CL-D-AUTHORIZED", other->id.Display() +
                                               " is about it already; a second one would open "
                                               "what that one closes");
      return false;
    }
    if (access.mesh == network::Mesh::kNone) {
      proposal_.AddSkip("CL-D-NO-MESH",
                        "nothing says that it is part of a mesh, without which an "
                        "AuthorizationPolicy does nothing; say so with spec.mesh.mode");
      return false;
    }
    const std::string obstacle = AuthorizationObstacle(access);
    if (obstacle.empty()) return true;
    proposal_.AddSkip("CL-D-NO-IDENTITY", obstacle);
    return false;
  }

  /// Closes the namespace of the workload as a whole; false if that may hurt others. No
  /// AuthorizationPolicy does so: who is no member of the mesh, or cannot be told from others, gets
  /// none that opens it again.
  bool CloseNamespace() {
    std::vector<Emit> closing = settings_.emit;
    std::erase(closing, Emit::kAuthorizationPolicy);
    if (closing.empty()) return true;
    const std::string& ns = workload_.id.ns;
    const bool owned = traffic_.stream().FindNamespace(ns) != nullptr ||
                       std::ranges::any_of(settings_.owned_namespaces,
                                           [&](const auto& glob) { return GlobMatches(glob, ns); });
    if (!owned) {
      proposal_.AddFinding(
          text::Severity::kError, "CL-D-NAMESPACE-SHARED",
          "defaultDeny is Namespace, and nothing says that the namespace " +
              (ns.empty() ? std::string("of the release") : ns) + " belongs to this release alone",
          {},
          "put its Namespace into the stream, name it under spec.ownedNamespaces, or write "
          "defaultDeny: Workload");
      return false;
    }
    Access all;
    all.isolates_ingress = settings_.ingress;
    all.isolates_egress = settings_.egress;
    for (const network::PortRange& port : settings_.dns_ports) {
      for (const network::Peer& peer : settings_.dns) {
        all.egress.push_back({peer, port, "DNS", "spec.dns"});
      }
    }
    for (const Emit emit : closing) {
      Value metadata = Value::Map({{"name", Value::String(policy_.name() + "-default-deny")}});
      const std::string stated = workload_.root.Find({"metadata", "namespace"}).Text();
      if (!stated.empty()) metadata.Put("namespace", Value::String(stated));
      metadata.Put(
          "annotations",
          Value::Map({{std::string(kManagedByAnnotation), Value::String(policy_.name())}}));
      Add(emit, std::move(metadata), SpecOf(emit, all, settings_));
    }
    return true;
  }

  void Add(Emit emit, Value metadata, Value spec) {
    const auto [api_version, kind] = KindOf(emit);
    Value& name = *metadata.Find("name");
    const kube::ObjectId id =
        FreeName({std::string(api_version), std::string(kind), workload_.id.ns, name.text()});
    constexpr std::size_t kLongestName = 253;  // Of a DNS subdomain.
    if (id.name.size() > kLongestName) {
      proposal_.AddSkip("CL-D-NO-NAME", "the name of its " + id.kind +
                                            " would be longer than 253 characters; give the "
                                            "workload a shorter one");
      return;
    }
    name = Value::String(id.name);
    proposal_.AddObject(Value::Map({{"apiVersion", Value::String(std::string(api_version))},
                                    {"kind", Value::String(std::string(kind))},
                                    {"metadata", std::move(metadata)},
                                    {"spec", std::move(spec)}}),
                        id, /*named_in_policy=*/false);
  }

  /// `id`, or where the chart has an object of that name, one that is free: policies add up.
  kube::ObjectId FreeName(kube::ObjectId id) const {
    const std::string name = id.name;
    for (int attempt = 0; IsTaken(id, attempt > 0); ++attempt) {
      id.name = name + "-access" + (attempt == 0 ? "" : "-" + std::to_string(attempt + 1));
    }
    return id;
  }

  /// What another policy of the run made before is not the chart's. A name that is made up must not
  /// be that of another workload, whose own object would want it.
  bool IsTaken(const kube::ObjectId& id, bool made_up) const {
    const kube::Manifest* existing = run_.index->Find(id);
    if (existing != nullptr && !IsManagedByAny(*existing, run_.applying) &&
        !IsManagedBy(*existing, policy_.name())) {
      return true;
    }
    return made_up && std::ranges::any_of(kube::WorkloadKinds(), [&](const auto& kind) {
             return traffic_.stream().Find(kind.group, kind.kind, id.ns, id.name) != nullptr;
           });
  }

  const Policy& policy_;
  const kube::Manifest& workload_;
  const Settings& settings_;
  const Traffic& traffic_;
  const cloudlab::policy::Run& run_;
  Proposal& proposal_;
};

}  // namespace

void NetworkAccessPolicy::Propose(const Subject& subject, const Run& run,
                                  Proposal& proposal) const {
  if (run.traffic == nullptr || !subject.manifest->pod) return;
  kube::ObjectId id = subject.manifest->id;
  run.index->ResolveNamespace(id);
  const kube::Manifest* workload = run.traffic->stream().Find(id);
  if (workload == nullptr || !workload->pod) return;
  const bool overridden = subject.spec != &document().spec;
  const std::optional<Settings> own =
      overridden ? std::optional<Settings>(*subject.spec) : std::nullopt;
  Maker(*this, *workload, own ? *own : settings_, run, proposal).Run();
}

}  // namespace cloudlab::policy
