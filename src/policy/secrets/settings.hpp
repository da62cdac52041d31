// What a SecretReferencePolicy asks for, read once from a spec that passed the schema.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policy/secrets/detection/detect.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy::secrets {

/// A SecretStore or ClusterSecretStore of the External Secrets Operator.
struct Store {
  std::string kind;
  std::string name;  ///< In the policy, with its variables.

  bool empty() const { return name.empty(); }
  friend auto operator<=>(const Store&, const Store&) = default;
};

struct Settings {
  enum class Dsn : std::uint8_t { kSplit, kWhole, kNone };
  enum class Reaction : std::uint8_t { kReplace, kFail, kWarn, kIgnore };
  enum class Provider : std::uint8_t { kExternalSecret, kExistingSecret, kStub };
  enum class Reload : std::uint8_t { kNone, kReloader, kChecksum };

  explicit Settings(const yaml::Value& spec);

  Detection detection;
  Dsn dsn = Dsn::kSplit;
  Reaction args = Reaction::kFail;
  Reaction annotations = Reaction::kFail;
  Reaction files = Reaction::kReplace;
  Reaction on_detect = Reaction::kReplace;
  Provider provider = Provider::kExternalSecret;
  Store store;
  std::map<std::string, Store, std::less<>> reference_stores;  ///< By backend.
  std::string remote_key;  ///< With its variables; empty: the profile's, or one of ours.
  std::string refresh_interval;
  std::vector<std::string> stub_environments;  ///< Globs.
  std::string secret_name;                     ///< With its variables.
  bool unify = true;
  Reload reload = Reload::kNone;
  std::string sync_wave;
  bool locked = false;  ///< No annotation says that something is no secret.
};

}  // namespace cloudlab::policy::secrets
