// What some policies allow, or deny, in one direction: the rules of all that select the same pods.
//
// Peers are kept by one label that they require, the rarest of the stream, so that a database that
// thousands of clients may reach finds the one that asks without looking at the others. Peers that
// require no label (`podSelector: {}`) and blocks are tried one after the other. So are patterns of
// hosts; their names are looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
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
  const std::string* host = nullptr;         ///< A name outside, for addresses of the internet.
  bool node = false;                         ///< A node, or a pod in its network.
  bool api_server = false;
};

class Gate {
 public:
  /// An end may stand for many addresses: its rules must be about all of them or, as rules that
  /// deny, about some.
  enum class Rules : std::uint8_t { kAllow, kDeny };

  explicit Gate(Rules kind) : kind_(kind) {}

  /// Adds rules of `policy`; `names` must be that of the labels in each End.
  void Add(std::uint32_t policy, const std::vector<PolicyRule>& rules, const LabelCounts& counts,
           LabelNames& names);

  /// A policy with a rule about `port` with `other`; nothing if there is none. `ns` is the
  /// namespace of the policies, and `ports` are the named ones of the pod at the end of the
  /// connection.
  std::optional<std::uint32_t> Find(const End& other, std::uint32_t ns, Port port,
                                    std::span<const NamedPort> ports) const;

 private:
  struct Rule {
    std::uint32_t policy = 0;
    bool any_port = false;
    std::vector<PolicyPort> ports;
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
  struct Host {
    std::uint32_t rule = 0;
    std::string pattern;
  };
  /// A question, without the end of the connection that asks.
  struct To {
    Port port;
    std::span<const NamedPort> ports;
  };
  using Places = std::vector<std::uint32_t>;
  /// A rule of rules_, if one was found.
  using Found = std::optional<std::uint32_t>;

  void AddPeer(Peer peer, const LabelCounts& counts);
  bool Takes(std::uint32_t rule, const To& to) const;
  Found FirstOf(const Places& rules, const To& to) const;
  bool Contains(const BlockPeer& block, const End& other) const;
  Found FindPods(const End& other, std::uint32_t ns, const To& to) const;
  Found FindOthers(const End& other, const To& to) const;

  Rules kind_;
  std::vector<Rule> rules_;
  Places open_;         // Rules about everybody.
  Places nodes_;        // Rules about nodes.
  Places api_servers_;  // Rules about the API server.
  std::vector<Peer> peers_;
  std::unordered_map<Label, Places, LabelHash> by_label_;            // -> peers_
  std::unordered_map<Label, Places, LabelHash> by_namespace_label_;  // -> peers_
  Places others_;                                                    // -> peers_
  std::vector<Block> blocks_;
  std::unordered_map<std::string, Places> by_host_;  // -> rules_
  std::vector<Host> host_patterns_;
};

}  // namespace cloudlab::policy::network
