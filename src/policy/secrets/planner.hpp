// Makes a Plan, step by step: which sites are replaced (planner.cpp), where their values stand as
// well (copies.cpp), who reads them (consumers.cpp), which remotes hold them, which Secrets bring
// them into the cluster and what happens at each site (targets.cpp).
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/secrets/plan.hpp"

namespace cloudlab::policy::secrets {

class Planner {
 public:
  Planner(Plan& plan, const kube::Index& index, const Dictionary& dictionary,
          const Plan::MemberOf& member_of)
      : plan_(plan), index_(index), dictionary_(dictionary), member_of_(member_of) {}

  void Run();

 private:
  /// A secret of a site that is replaced.
  struct Use {
    std::size_t member = 0;
    std::size_t site = 0;
    std::size_t found = 0;
  };
  using SiteKey = std::pair<std::size_t, std::size_t>;  // Member, site.

  Share& ShareOf(const kube::Manifest& manifest);
  void Tell(const Member& member, const Site& site, text::Severity severity, std::string code,
            std::string message, std::string hint);
  bool IsReplaced(std::size_t member, std::size_t site) const {
    return replaced_.contains({member, site});
  }

  // The steps, in this order.
  void Judge(std::size_t member, std::size_t site);
  void FindCopies();
  void CheckReaders();
  void AssignRemotes();
  void MakeTargets();
  void FindReaders();
  void KeepConnections();
  void CheckHooks();
  void Finish();

  bool JudgeReferences(const Member& member, const Site& site);
  void AddCopy(const kube::Manifest& manifest, yaml::NodeView scalar, const std::string& value,
               std::string_view kind);
  void KeepConnectionsOf(const kube::Manifest& workload, const Site& site);
  static std::string ReachOf(const Member& member);
  static std::string DivisionOf(const Member& member);
  std::vector<Use> Uses() const;
  void AddRemote(const Use& use);
  std::size_t RemoteOf(const Member& member, const Reference& reference);
  bool IsConverted(const kube::Manifest& secret) const;
  static bool MayShare(const Target& target, const Member& member);
  Target& TargetOf(const Member& member, std::string name, std::size_t& number);
  void TakeEarlier(const kube::Manifest& earlier, Target& target);
  std::string AddEntry(Target& target, std::string key, std::vector<Fragment> fragments,
                       const std::string& otherwise);
  std::vector<Fragment> FragmentsOf(std::size_t member, std::size_t site);
  void PlanVariable(std::size_t member, std::size_t site, Share& share);
  void PlanMove(std::size_t member, std::size_t site, Share& share);
  void PlanConversion(std::size_t member, Share& share);
  std::string VariableName(const Member& member, const Site& site, const std::string& wanted);
  void CheckStub(const Member& member, Share& share);
  void AddRows();

  Plan& plan_;
  const kube::Index& index_;
  const Dictionary& dictionary_;
  const Plan::MemberOf& member_of_;
  std::set<SiteKey> replaced_;
  std::unordered_map<const kube::Manifest*, std::size_t> member_numbers_;
  std::map<std::pair<std::string, std::string>, std::size_t> target_numbers_;  // Namespace, name.
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, std::size_t> remote_of_;  // By use.
  std::unordered_map<Remote, std::size_t, Remote::Hash> remote_numbers_;
  std::map<Remote, int> attempts_;  // How often a name was wanted.
  // Names of variables of a container that are taken, those that were added included.
  std::map<std::pair<const kube::Manifest*, yaml::NodeId>, std::set<std::string>> variables_;
  std::set<const kube::Manifest*> stubs_refused_;
  std::unordered_map<const kube::Manifest*, Share> shares_;
};

}  // namespace cloudlab::policy::secrets
