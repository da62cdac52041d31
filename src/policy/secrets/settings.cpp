#include "policy/secrets/settings.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "policy/text_at.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::Value;

/// The meaning of the word at `key` of `map`; `usual` where nothing stands there.
template <typename Meaning, std::size_t count>
Meaning WordAt(const Value& map, std::string_view key,
               const std::array<std::pair<std::string_view, Meaning>, count>& words,
               Meaning usual) {
  const std::string text = TextAt(map, key);
  for (const auto& [word, meaning] : words) {
    if (text == word) return meaning;
  }
  return usual;
}

using Reaction = Settings::Reaction;
constexpr std::array<std::pair<std::string_view, Reaction>, 5> kReactions = {{
    {"Replace", Reaction::kReplace},
    {"Move", Reaction::kReplace},
    {"Fail", Reaction::kFail},
    {"Warn", Reaction::kWarn},
    {"Ignore", Reaction::kIgnore},
}};
constexpr std::array<std::pair<std::string_view, Settings::Dsn>, 3> kDsns = {{
    {"Split", Settings::Dsn::kSplit},
    {"Whole", Settings::Dsn::kWhole},
    {"None", Settings::Dsn::kNone},
}};
constexpr std::array<std::pair<std::string_view, Settings::Provider>, 3> kProviders = {{
    {"ExternalSecret", Settings::Provider::kExternalSecret},
    {"ExistingSecret", Settings::Provider::kExistingSecret},
    {"Stub", Settings::Provider::kStub},
}};
constexpr std::array<std::pair<std::string_view, Settings::Reload>, 3> kReloads = {{
    {"None", Settings::Reload::kNone},
    {"Reloader", Settings::Reload::kReloader},
    {"ChecksumOfSpec", Settings::Reload::kChecksum},
}};

Store StoreOf(const Value& value) { return {TextAt(value, "kind"), TextAt(value, "name")}; }

Detection DetectionOf(const Value& detect) {
  Detection detection;
  detection.names = TextAt(detect, "names") != "None";
  detection.values = TextAt(detect, "values") != "None";
  detection.dsn = TextAt(detect, "dsn") != "None";
  const std::string score = TextAt(detect, "minScore");
  std::from_chars(score.data(), score.data() + score.size(), detection.min_score);
  detection.allow = TextsAt(detect, "allow");
  return detection;
}

}  // namespace

Settings::Settings(const Value& spec) {
  const Value& detect = MapAt(spec, "detect");
  detection = DetectionOf(detect);
  dsn = WordAt(detect, "dsn", kDsns, Dsn::kSplit);
  args = WordAt(detect, "args", kReactions, Reaction::kFail);
  annotations = WordAt(detect, "annotations", kReactions, Reaction::kFail);
  files = WordAt(detect, "files", kReactions, Reaction::kReplace);
  on_detect = WordAt(spec, "onDetect", kReactions, Reaction::kReplace);
  const Value& from = MapAt(spec, "provider");
  provider = WordAt(from, "type", kProviders, Provider::kExternalSecret);
  store = StoreOf(MapAt(from, "secretStoreRef"));
  for (const auto& [backend, value] : MapAt(from, "referenceStores").entries()) {
    reference_stores.emplace(backend, StoreOf(value));
  }
  remote_key = TextAt(from, "remoteKey");
  refresh_interval = TextAt(from, "refreshInterval");
  stub_environments = TextsAt(from, "environments");
  if (stub_environments.empty()) stub_environments = {"development"};
  secret_name = TextAt(spec, "secretName");
  unify = TextAt(spec, "unifyEqualValues") != "false";
  reload = WordAt(spec, "reload", kReloads, Reload::kNone);
  locked = TextAt(spec, "locked") == "true";
  sync_wave = TextAt(MapAt(spec, "ordering"), "argocdSyncWave");
}

}  // namespace cloudlab::policy::secrets
