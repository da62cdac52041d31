#include "app/post_conditions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "kube/pod_template.hpp"
#include "kube/quantity.hpp"
#include "policy/diagnose.hpp"
#include "policy/ownership.hpp"

namespace cloudlab::app {
namespace {

using yaml::NodeView;

constexpr std::string_view kSidecarProof = "every container has a name of its own and its volumes";
constexpr std::string_view kTierProof = "no request exceeds its limit";

/// What is wrong with a workload at the end.
struct Flaw {
  enum class Kind : std::uint8_t { kPod, kTier, kSecret };
  Kind kind = Kind::kPod;
  const kube::Manifest* before = nullptr;  ///< The workload in the index.
  std::string message;
};

/// Requests that exceed their limits, as "container cpu".
std::set<std::string> Exceeding(const kube::PodTemplate& pod) {
  std::set<std::string> exceeding;
  for (const kube::Container& container : kube::Containers(pod)) {
    const auto [requests, limits] =
        container.node.Find("resources").FindGiven<2>({"requests", "limits"});
    for (const NodeView request : requests.children()) {
      const auto limit = kube::Quantity::Parse(limits.Find(request.Key()).Text());
      const auto wanted = kube::Quantity::Parse(request.Resolved().Text());
      if (limit && wanted && *limit < *wanted) {
        exceeding.insert(container.name + " " + request.Key());
      }
    }
  }
  return exceeding;
}

/// Kinds that make a Secret, with the path to its name where that is not their own.
struct Maker {
  std::string_view kind;
  std::array<std::string_view, 3> path;
};
constexpr std::array<Maker, 5> kMakers = {{
    {"Secret", {}},
    {"ExternalSecret", {"spec", "target", "name"}},
    {"SealedSecret", {}},
    {"Certificate", {"spec", "secretName", {}}},
    {"VaultStaticSecret", {"spec", "destination", "name"}},
}};

using SecretNames = std::set<std::pair<std::string, std::string>>;  // Namespace, name.

void AddMade(NodeView root, const kube::ObjectId& id, SecretNames& names) {
  for (const Maker& maker : kMakers) {
    if (id.kind != maker.kind) continue;
    NodeView named = root;
    for (const std::string_view key : maker.path) {
      if (!key.empty()) named = named.Find(key);
    }
    const bool own = maker.path.front().empty() || !named;
    names.emplace(id.ns, own ? id.name : named.Text());
  }
}

/// Every Secret that something in the stream makes. A Secret that became an ExternalSecret has kept
/// its name.
SecretNames SecretsMade(const Closing& closing) {
  SecretNames names;
  for (const kube::Manifest& manifest : closing.index.manifests()) {
    if (!closing.documents[manifest.document].removed) AddMade(manifest.root, manifest.id, names);
  }
  for (const policy::NewObject& object : closing.wanted) {
    if (object.id.kind == "Secret" || object.id.kind == "ExternalSecret") {
      names.emplace(object.id.ns, object.id.name);
    }
  }
  return names;
}

class Examiner {
 public:
  Examiner(const Closing& closing, const policy::Run& run, const SecretNames& made)
      : closing_(closing), run_(run), made_(made) {}

  void Examine(const kube::Manifest& before, std::vector<Flaw>& flaws) const {
    const Document& document = closing_.documents[before.document];
    if (!before.pod || !document.edited() || document.removed) return;
    for (kube::Manifest& now : kube::Manifests(document.current(), before.document,
                                               closing_.rules.pipeline.pod_template_paths)) {
      run_.index->ResolveNamespace(now.id);
      if (now.id != before.id) continue;
      ExaminePod(before, now, flaws);
      for (const std::string& what : Exceeding(now.pod)) {
        if (Exceeding(before.pod).contains(what)) continue;
        flaws.push_back({Flaw::Kind::kTier, &before, "a request exceeds its limit: " + what});
      }
      return;
    }
  }

 private:
  void ExaminePod(const kube::Manifest& before, const kube::Manifest& now,
                  std::vector<Flaw>& flaws) const {
    std::set<std::string> volumes;
    for (const NodeView volume : now.pod.spec.Find("volumes").children()) {
      volumes.insert(volume.Resolved().Find("name").Text());
    }
    for (const NodeView claim : now.root.Find({"spec", "volumeClaimTemplates"}).children()) {
      volumes.insert(claim.Resolved().Find({"metadata", "name"}).Text());
    }
    std::set<std::string> names;
    for (const kube::Container& container : kube::Containers(now.pod)) {
      const bool injected = policy::IsInjected(now, run_, container);
      if (!names.insert(container.name).second && injected) {
        flaws.push_back(
            {Flaw::Kind::kPod, &before, "two of its containers are called " + container.name});
      }
      if (!injected) continue;
      for (const NodeView mount : container.node.Find("volumeMounts").children()) {
        const std::string volume = mount.Resolved().Find("name").Text();
        if (volumes.contains(volume)) continue;
        flaws.push_back({Flaw::Kind::kPod, &before,
                         "container " + container.name + " mounts the volume " + volume +
                             ", which the pod does not have"});
      }
      ExamineSecrets(before, now, container, flaws);
    }
  }

  void ExamineSecrets(const kube::Manifest& before, const kube::Manifest& now,
                      const kube::Container& container, std::vector<Flaw>& flaws) const {
    std::set<std::string> wanted;
    const auto want = [&](NodeView reference, std::string_view field) {
      if (!reference || reference.Find("optional").TextIs("true")) return;
      wanted.insert(reference.Find(field).Text());
    };
    for (const NodeView item : container.node.Find("env").children()) {
      want(item.Resolved().Find({"valueFrom", "secretKeyRef"}).Given(), "name");
    }
    for (const NodeView source : container.node.Find("envFrom").children()) {
      want(source.Resolved().Find("secretRef").Given(), "name");
    }
    for (const NodeView mount : container.node.Find("volumeMounts").children()) {
      const std::string name = mount.Resolved().Find("name").Text();
      for (const NodeView volume : now.pod.spec.Find("volumes").children()) {
        if (!volume.Resolved().Find("name").TextIs(name)) continue;
        want(volume.Resolved().Find("secret").Given(), "secretName");
      }
    }
    for (const std::string& secret : wanted) {
      if (made_.contains({now.id.ns, secret})) continue;
      flaws.push_back({Flaw::Kind::kSecret, &before,
                       "the sidecar " + container.name + " reads the Secret " + secret +
                           ", which nothing in the stream makes"});
    }
  }

  const Closing& closing_;
  const policy::Run& run_;
  const SecretNames& made_;
};

bool Takes(const Rules& rules, policy::Stage stage) {
  return std::ranges::any_of(rules.policies,
                             [&](const auto& policy) { return policy->stage() == stage; });
}

text::Diagnostic MessageOf(const Flaw& flaw, const Closing& closing) {
  text::Diagnostic d;
  d.object = flaw.before->id.Display();
  d.message = flaw.message;
  switch (flaw.kind) {
    case Flaw::Kind::kPod:
      d.code = "CL-A-POD";
      d.hint = "correct the SidecarPolicy: nothing can run this pod";
      break;
    case Flaw::Kind::kTier:
      d.code = "CL-B-EXCEEDS";
      d.hint = "the API server refuses it; correct the tier";
      break;
    case Flaw::Kind::kSecret:
      d.code = "CL-A-SECRET";
      d.severity = text::Severity::kWarning;
      d.hint =
          "bring an ExternalSecret along (`objects` of the SidecarPolicy), or see to it that the "
          "Secret is in the cluster";
      break;
  }
  const Document& document = closing.documents[flaw.before->document];
  if (const auto span = document.PlaceOf(flaw.before->root)) d.place = {&closing.input, *span};
  return d;
}

}  // namespace

void ProvePostConditions(const Closing& closing, const policy::Run& run, Report& report) {
  const bool has_sidecars = Takes(closing.rules, policy::Stage::kSidecars);
  const bool has_tiers = Takes(closing.rules, policy::Stage::kTiers);
  if (!has_sidecars && !has_tiers) return;
  const SecretNames made = has_sidecars ? SecretsMade(closing) : SecretNames();
  const Examiner examiner(closing, run, made);
  const auto& manifests = closing.index.manifests();
  const auto flaws = CollectFromChunks<Flaw>(
      manifests.size(),
      [&](std::size_t i, std::vector<Flaw>& found) { examiner.Examine(manifests[i], found); });
  const auto holds = [&](Flaw::Kind kind) {
    return std::ranges::none_of(flaws, [kind](const Flaw& flaw) { return flaw.kind == kind; });
  };
  for (const Flaw& flaw : flaws) report.diagnostics.Add(MessageOf(flaw, closing));
  if (has_sidecars) report.proofs.push_back({std::string(kSidecarProof), holds(Flaw::Kind::kPod)});
  if (has_tiers) report.proofs.push_back({std::string(kTierProof), holds(Flaw::Kind::kTier)});
}

}  // namespace cloudlab::app
