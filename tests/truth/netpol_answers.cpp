// What policy::network::Reach says about streams of manifests, for a judge to compare with its own
// answers. A line of stdin is a question, a line of stdout its answer, both JSON:
//
//   {"stream": YAML, "namespace": NAME, "ports": [[PROTOCOL, NUMBER]...], "addresses": [IP...]}
//   {"workloads": [ID...], "verdicts": [TEXT...], "between": [N...], "to": [N...], "from": [N...]}
//
// Workloads are told as `shop/Deployment/cart`, in the order of the stream. A verdict is `open`, or
// the closed side and the policy that closes it, `egress shop/deny`. The others are numbers of
// verdicts: for each source, destination and port; to each address, from each address: for each
// workload, address and port.
//
// The asker names ports and addresses, so that one which our own reading overlooks is asked for all
// the same. What is in the `namespace` is what names none. A stream that is no YAML is answered
// with {"problem": TEXT}; a line that is no question ends the program with 2.
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "answering.hpp"
#include "kube/index.hpp"
#include "policy/network/reach.hpp"

namespace {

using cloudlab::kube::Index;
using cloudlab::kube::Manifest;
using cloudlab::policy::network::ParseProtocol;
using cloudlab::policy::network::Port;
using cloudlab::policy::network::Reach;
using cloudlab::policy::network::Verdict;
using nlohmann::json;

/// Verdicts as numbers, each text once: there are many answers and few texts.
class Verdicts {
 public:
  std::size_t Add(const Verdict& verdict) {
    return numbers_.try_emplace(Text(verdict), numbers_.size()).first->second;
  }
  json Texts() const {
    std::vector<std::string> texts(numbers_.size());
    for (const auto& [text, number] : numbers_) texts[number] = text;
    return texts;
  }

 private:
  static std::string Text(const Verdict& verdict) {
    if (verdict.open) return "open";
    if (verdict.closed_by == nullptr) return "nobody to ask about";
    const auto& id = verdict.closed_by->id;
    return (verdict.side == Verdict::Side::kEgress ? "egress " : "ingress ") + id.ns + "/" +
           id.name;
  }

  std::map<std::string, std::size_t> numbers_;
};

std::vector<Port> ReadPorts(const json& question) {
  std::vector<Port> ports;
  for (const json& item : question.at("ports")) {
    const auto protocol = ParseProtocol(item.at(0).get<std::string>());
    if (!protocol) throw std::invalid_argument("protocol " + item.at(0).dump());
    ports.push_back({*protocol, item.at(1).get<std::uint16_t>()});
  }
  return ports;
}

json AnswerFor(const Index& index, const std::vector<Port>& ports,
               const std::vector<std::string>& addresses) {
  const Reach reach(index);
  std::vector<const Manifest*> workloads;
  json ids = json::array();
  for (const Manifest& manifest : index.manifests()) {
    if (!manifest.pod) continue;
    workloads.push_back(&manifest);
    ids.push_back(manifest.id.ns + "/" + manifest.id.kind + "/" + manifest.id.name);
  }
  Verdicts verdicts;
  std::vector<std::size_t> between;
  std::vector<std::size_t> to;
  std::vector<std::size_t> from;
  for (const Manifest* workload : workloads) {
    for (const Manifest* other : workloads) {
      for (const Port port : ports) {
        between.push_back(verdicts.Add(reach.Between(*workload, *other, port)));
      }
    }
    for (const std::string& address : addresses) {
      for (const Port port : ports) {
        to.push_back(verdicts.Add(reach.ToAddress(*workload, address, port)));
        from.push_back(verdicts.Add(reach.FromAddress(address, *workload, port)));
      }
    }
  }
  return {{"workloads", ids},
          {"verdicts", verdicts.Texts()},
          {"between", between},
          {"to", to},
          {"from", from}};
}

}  // namespace

int main() {
  return cloudlab::truth::AnswerAll("netpol_answers", [](const json& question, const Index& index) {
    return AnswerFor(index, ReadPorts(question),
                     question.at("addresses").get<std::vector<std::string>>());
  });
}
