// What every policy is to the pipeline: a named decision about one manifest at a time, taken with
// the whole stream in view. Policies know no bytes, streams, files or hosts.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kube/index.hpp"
#include "kube/limit_range.hpp"
#include "kube/pod_index.hpp"
#include "policy/document.hpp"
#include "policy/profile.hpp"
#include "policy/proposal.hpp"

namespace cloudlab::policy {

/// The fixed order of the run (rule G4). Inside a stage all policies propose against one text;
/// between stages the edited documents are scanned again.
enum class Stage : std::uint8_t {
  kSecrets,  ///< First: its plan is made from the input.
  kSidecars,
  kTiers,
  kScaling,  ///< Autoscaling policies that set the number of pods.
  kBudgets,  ///< Autoscaling policies that go by that number.
  kNetwork,  ///< Needs the whole stream as the stages before have left it.
};

namespace network {
class Traffic;
}  // namespace network

namespace secrets {
class Plans;
}  // namespace secrets

/// What every policy may know of a SidecarPolicy of the run: the container that it injects and the
/// containers that it wants to start before or after.
struct Sidecar {
  enum class Position : std::uint8_t { kFirst, kBeforeApp, kLast };
  std::string policy;
  std::string container;
  Position position = Position::kLast;
  std::vector<std::string> before;
  std::vector<std::string> after;
};

/// What policies put right by themselves. Switched off in tests only, which then see that the
/// closing look at the stream (closure.hpp) would notice.
struct Mending {
  bool existing = true;  ///< An autoscaler or budget of the chart is left alone.
  bool replicas = true;  ///< spec.replicas goes where an autoscaler comes.
  bool metrics = true;   ///< A metric that could not be computed is measured elsewhere, or refused.
  bool resources =
      true;             ///< A VerticalPodAutoscaler leaves alone what the horizontal one measures.
  bool budgets = true;  ///< A budget that would block drains is mended or left out.
  bool overlap = true;  ///< No budget where its selector takes other pods too.
};

/// What is true for the whole run.
struct Run {
  std::string environment;  ///< Flag, then Pipeline; empty: annotations decide (selection.hpp).
  std::string release;      ///< Helm's release name, or empty.
  kube::Version kube_version;
  const Profiles* profiles = nullptr;
  const kube::Index* index = nullptr;  ///< The objects of the input.
  /// The LimitRanges of the stream by namespace: the requests that they give count.
  std::map<std::string, std::vector<kube::LimitRange>> limit_ranges;
  const kube::PodIndex* pods = nullptr;  ///< Their pods; only if an AutoscalingPolicy runs.
  /// Who connects to whom in the stream that the stages before kNetwork have made; null before.
  const network::Traffic* traffic = nullptr;
  /// What becomes of the secrets of the stream; null if no policy is about them.
  const secrets::Plans* secrets = nullptr;
  /// The host copies comments of list items to the output by position (kpt): what is put in front
  /// of a commented item would take its comment.
  bool comments_by_position = false;
  bool explain = true;  ///< Somebody will read rows and info findings; without, they are left out.
  Mending mending;
  std::vector<std::string> applying;  ///< The policies that edit, by name, in the order of the run.
  std::vector<Sidecar> sidecars;      ///< Of every loaded SidecarPolicy (CollectSidecars()).
};

/// A manifest that was selected for a policy, with everything that holds for this pair.
struct Subject {
  const kube::Manifest* manifest = nullptr;
  std::string environment;            ///< The effective one.
  const Profile* profile = nullptr;   ///< Of that environment, inheritance resolved; may be null.
  const yaml::Value* spec = nullptr;  ///< The policy's spec after this workload's overrides.
  std::string override;               ///< The annotation that changed it, or empty.
  /// What policies of earlier stages want for containers of the document that the manifest is in.
  std::span<const StatedResource> stated;
  /// What policies of earlier stages make for manifests of that document.
  std::span<const NewObject* const> made;
};

class Policy {
 public:
  virtual ~Policy() = default;
  explicit Policy(const Document& document) : document_(&document) {}

  const Document& document() const { return *document_; }
  const std::string& name() const { return document_->name; }
  virtual Stage stage() const = 0;

  /// True for kinds that the policy can do something about. Others are never selected.
  virtual bool IsAbout(const kube::ObjectId& id) const;
  /// Proposes what this policy wants for one selected manifest.
  virtual void Propose(const Subject& subject, const Run& run, Proposal& proposal) const = 0;
  /// Takes back what an earlier run put into a manifest that carries this policy's mark
  /// (ownership.hpp) but is not selected any more.
  virtual void Withdraw(const Subject& /*subject*/, const Run& /*run*/,
                        Proposal& /*proposal*/) const {}
  /// True if what it wants for `subject` goes by the workload's tier (cloudlab.dev/tier).
  virtual bool ReadsTier(const Subject& /*subject*/) const { return false; }

 private:
  const Document* document_;
};

/// The policy of a document of a policy kind; null for Pipeline, EnvironmentProfile and
/// PolicyException.
std::unique_ptr<Policy> MakePolicy(const Document& document);

}  // namespace cloudlab::policy
