// What some policies let through in one direction: the rules of all that select the same pods.
//
// Peers are kept by one label that they require, the rarest of the stream, so that a database that
// thousands of clients may reach finds the one that asks without looking at the others. Peers that
// require no label (`podSelector: {}`) and blocks are tried one after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "policy/network/labels.hpp"
#include "policy/network/policy_rules.hpp"

namespace cloudlab::policy::network {

/// How many pods have a label, themselves or by their namespace: what makes a label rare.
struct LabelCounts {
  std::unordered_map<Label, std::uint32_t, LabelHash> pods;
  std::unordered_map<Label, std::uint32_t, LabelHash> namespaces;
};

/// The required labels of a selector that the fewest pods have: one of them must be there. Empty if
/// it requires none. `count` becomes the number of those pods.
Labels RarestLabels(const LabelSelector& selector,
                    const std::unordered_map<Label, std::uint32_t, LabelHash>& counts,
                    std::uint32_t& count);

/// The other end of a connection, as the peers of rules see it.
struct End {
  const Labels* labels = nullptr;            ///< Null for what no selector finds.
  const Labels* namespace_labels = nullptr;  ///< Null with `labels`.
  std::uint32_t ns = 0;                      ///< The namespace of `labels`.
  const IpAddress* address = nullptr;        ///< Null for what no block contains.
  bool anywhere = false;                     ///< Any address: only a block of all contains it.
};

class Gate {
 public:
  /// Adds the rules of `policy`; policies come in the order of the stream. `names` must be that of
  /// the labels in each End.
  void Add(std::uint32_t policy, const std::vector<PolicyRule>& rules, const LabelCounts& counts,
           LabelNames& names);

  /// The first policy that isolates; nothing if none does: then the gate says nothing.
  std::optional<std::uint32_t> first() const { return first_; }
  /// True if a rule allows `port` with `other`; `ns` is the namespace of the policies, and `ports`
  /// are the named ones of the pod at the end of the connection.
  bool Lets(const End& other, std::uint32_t ns, Port port, std::span<const NamedPort> ports) const;

 private:
  struct Ports {
    bool any = false;
    std::vector<PolicyPort> items;
  };
  struct Peer {
    std::uint32_t rule = 0;
    bool same_namespace = false;
    LabelSelector namespaces;
    LabelSelector pods;
  };
  struct Block {
    std::uint32_t rule = 0;
    BlockPeer peer;
  };
  using Places = std::vector<std::uint32_t>;

  void AddPeer(Peer peer, const LabelCounts& counts);
  bool Takes(std::uint32_t rule, Port port, std::span<const NamedPort> ports) const;
  bool LetsBlocks(const End& other, Port port, std::span<const NamedPort> ports) const;

  std::optional<std::uint32_t> first_;
  std::vector<Ports> rules_;
  Places open_;  // Rules without peers.
  std::vector<Peer> peers_;
  std::unordered_map<Label, Places, LabelHash> by_label_;            // -> peers_
  std::unordered_map<Label, Places, LabelHash> by_namespace_label_;  // -> peers_
  Places others_;                                                    // -> peers_
  std::vector<Block> blocks_;
};

}  // namespace cloudlab::policy::network
