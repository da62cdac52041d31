#include "policy/secrets/plan.hpp"

#include <algorithm>

#include "policy/secrets/planner.hpp"

namespace cloudlab::policy::secrets {
Plan::Plan(std::string policy, const kube::Index& index, const Dictionary& dictionary,
           std::vector<Member> members, const MemberOf& member_of, bool explain)
    : policy_(std::move(policy)), explain_(explain), members_(std::move(members)) {
  Planner(*this, index, dictionary, member_of).Run();
}

const Share* Plan::Find(const kube::Manifest& manifest) const {
  const auto place = [](const kube::Manifest* m) { return std::pair(m->document, m->root.id()); };
  const auto found = std::ranges::lower_bound(
      shares_, place(&manifest), {}, [&](const Share& share) { return place(share.manifest); });
  if (found == shares_.end() || found->manifest->root != manifest.root) return nullptr;
  return &*found;
}

const Plan* Plans::Find(std::string_view policy) const {
  const auto found = std::ranges::find(plans_, policy, [](const auto& p) { return p->policy(); });
  return found == plans_.end() ? nullptr : found->get();
}

}  // namespace cloudlab::policy::secrets
