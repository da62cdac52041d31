// Transport protocols, as Services, container ports and policies name them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cloudlab::policy::network {

enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp };

/// "TCP", "UDP", "SCTP".
constexpr std::string_view Name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp:
      return "TCP";
    case Protocol::kUdp:
      return "UDP";
    case Protocol::kSctp:
      return "SCTP";
  }
  return {};
}

/// The protocol of a `protocol` field; TCP where it says nothing (core/v1, ServicePort).
constexpr std::optional<Protocol> ParseProtocol(std::string_view text) {
  if (text.empty() || text == "TCP") return Protocol::kTcp;
  if (text == "UDP") return Protocol::kUdp;
  if (text == "SCTP") return Protocol::kSctp;
  return std::nullopt;
}

}  // namespace cloudlab::policy::network
