// Where evidence of a connection was found, as `infer.sources` of a NetworkAccessPolicy names it.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace cloudlab::policy::network {

enum class Source : std::uint8_t {
  kStated,     ///< Annotations, `allow` rules, `egress` of a SidecarPolicy: not inferred.
  kEnv,        ///< Values of variables.
  kArgs,       ///< Commands and arguments.
  kConfigMap,  ///< Variables out of ConfigMaps and Secrets.
  kFiles,      ///< Mounted files.
  kIngress,
  kGateway,  ///< Routes of the Gateway API, of Istio and of OpenShift.
  kServiceMonitor,
  kWebhook,
};
inline constexpr std::size_t kSourceCount = 9;

/// All that a policy can name, with its word there.
inline constexpr std::array<std::pair<Source, std::string_view>, 8> kSourceNames = {{
    {Source::kEnv, "Env"},
    {Source::kArgs, "Args"},
    {Source::kConfigMap, "ConfigMap"},
    {Source::kFiles, "Files"},
    {Source::kIngress, "Ingress"},
    {Source::kGateway, "Gateway"},
    {Source::kServiceMonitor, "ServiceMonitor"},
    {Source::kWebhook, "Webhook"},
}};

class SourceSet {
 public:
  constexpr SourceSet() = default;
  static constexpr SourceSet All() {
    SourceSet all;
    for (const auto& [source, name] : kSourceNames) all.Add(source);
    return all;
  }

  constexpr void Add(Source source) { bits_ |= Bit(source); }
  /// What people state always counts.
  constexpr bool Contains(Source source) const {
    return source == Source::kStated || (bits_ & Bit(source)) != 0;
  }

 private:
  static constexpr std::uint32_t Bit(Source source) {
    return std::uint32_t{1} << static_cast<unsigned>(source);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace cloudlab::policy::network
