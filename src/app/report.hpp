// The account of a run: what was changed, added, removed, left alone and found, as data and as the
// JSON document `cloudlab.dev/report/v1`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/proposal.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::app {

struct PolicyCount {
  std::string name;
  std::string kind;
  std::size_t selected = 0;
  std::size_t changed = 0;
};

/// An object that came into the stream or left it as a whole.
struct ObjectRow {
  kube::ObjectId object;
  kube::ObjectId parent;  ///< Of an added object: the workload that it was made for.
  std::string policy;
};

/// A property that was checked before anything left the program.
struct ProofRow {
  std::string name;
  bool passed = false;
};

/// A connection that the stream tells of.
struct NetworkRow {
  std::string from;  ///< "Deployment/cart"; of a way in, what leads there: "Ingress web".
  std::string from_namespace;
  std::string to;  ///< "Deployment/db", or a host.
  std::string to_namespace;
  std::string service;
  std::uint16_t port = 0;  ///< Of the pod; 0: not known.
  std::string_view protocol;
  std::string_view confidence;
  std::string evidence;
  std::string by;  ///< Of a closed one: the policy object that closes it.
  bool before = false;
  bool wanted = false;
};

/// What is known of the network. Filled if a NetworkAccessPolicy takes part, whatever its
/// enforcement.
struct NetworkRows {
  std::vector<NetworkRow> edges;    ///< Between workloads of the stream.
  std::vector<NetworkRow> outside;  ///< To hosts and Services that are not in the stream.
  std::vector<NetworkRow> entries;  ///< From outside of the stream.
  std::vector<NetworkRow> closed;   ///< Edges that do not pass in the end.
  bool passed = true;
};

/// A secret that was found. Never its value.
struct SecretRow {
  kube::ObjectId object;
  std::string path;
  int score = 0;
  std::string_view action;  ///< "replaced", "warned".
  std::string remote_key;
};

struct Report {
  int exit_code = 0;
  std::string source;  ///< Where the policies came from.
  std::string environment;
  std::string ns;
  std::string kube_version;
  std::size_t documents = 0;
  std::size_t edited = 0;
  std::size_t refused = 0;
  std::vector<PolicyCount> policies;
  std::vector<policy::FieldEdit> edits;
  std::vector<ObjectRow> added;
  std::vector<ObjectRow> removed;
  std::vector<policy::Skip> skips;
  text::Diagnostics diagnostics;
  NetworkRows network;
  std::vector<SecretRow> secrets;
  std::vector<ProofRow> proofs;

  /// Adds a row; a second one for the same field of the same object is merged into the first, so
  /// that a field has one row with its first old and its last new value.
  void AddEdit(policy::FieldEdit edit);
  /// Drops every row of these objects: their document was passed through after all.
  void DropEdits(std::span<const kube::ObjectId> objects);

 private:
  // Hash of object and path -> index in `edits`: the rows themselves hold the texts.
  std::unordered_multimap<std::size_t, std::size_t> rows_;
};

/// The report as JSON, indented, ending with a newline.
std::string PrintJson(const Report& report);

}  // namespace cloudlab::app
