// The network's part of a run. Its stage needs the whole stream as the stages before have left it;
// its proof needs what the stage has made; the report wants both.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "app/closing.hpp"
#include "app/edited_stream.hpp"
#include "app/report.hpp"
#include "app/rules.hpp"
#include "app/stages.hpp"
#include "policy/network/proof.hpp"
#include "policy/network/settings.hpp"
#include "policy/network/traffic.hpp"

namespace cloudlab::app {

/// True if a NetworkAccessPolicy takes part in the run.
bool HasNetwork(const Rules& rules);

class Network {
 public:
  /// After all stages but the network's. `added` are the new objects so far.
  Network(const Documents& documents, const Rules& rules, const kube::Index& input,
          const std::vector<const policy::NewObject*>& added,
          const std::vector<Selected>& selected);

  const policy::network::Traffic& traffic() const { return traffic_; }
  const kube::Index& stream() const { return stream_.index(); }

  /// After the network's stage: asks whether everything that is to be open is open.
  policy::network::Proof Prove(const Closing& closing, const std::vector<Selected>& selected) const;
  /// Fills the report's part about the network with that, and with the edges only if somebody reads
  /// them.
  void Tell(policy::network::Proof proof, const Closing& closing, bool explain,
            Report& report) const;

 private:
  EditedStream stream_;
  policy::network::Traffic traffic_;
};

}  // namespace cloudlab::app
