#include "app/rules.hpp"

#include "policy/defaults.hpp"
#include "policy/sidecar/order.hpp"

namespace cloudlab::app {
namespace {

/// Policy documents in the stream are always taken out; they count if the config lets them in, or
/// if there is no config. Returns true if any counts.
bool TakeFromStream(const text::Source& input, Documents& stream, bool let_in, Rules& rules,
                    text::Diagnostics& diagnostics) {
  bool found = false;
  for (Document& document : stream) {
    if (!document.is_policy) continue;
    for (auto& manifest : kube::Manifests(document.input(), 0)) {
      rules.taken_out.push_back(std::move(manifest.id));
    }
    if (let_in) rules.documents.ReadFromStream(input, document.slice(), diagnostics);
    found = found || let_in;
  }
  return found;
}

/// Flag over Pipeline; an environment that no profile defines is an error.
void ChooseEnvironment(const Settings& settings, Rules& rules, text::Diagnostics& diagnostics) {
  const bool by_flag = !settings.environment.empty();
  rules.environment = by_flag ? settings.environment : rules.pipeline.environment;
  if (rules.environment.empty() || rules.profiles.Find(rules.environment) != nullptr) return;
  const text::Place place = by_flag ? text::Place{} : rules.pipeline.PlaceOf("environment");
  diagnostics.Add(rules.profiles.Unknown(rules.environment, place));
}

}  // namespace

std::unique_ptr<Rules> ReadRules(const text::Source& input, Documents& stream,
                                 const Settings& settings, text::Diagnostics& diagnostics) {
  auto rules = std::make_unique<Rules>();
  for (const text::Source* source : settings.config) rules->documents.Read(*source, diagnostics);
  const bool no_config = settings.config_kind == Settings::Config::kDefaults;
  const bool let_in =
      no_config || policy::ReadPipeline(rules->documents, diagnostics).allow_stream_policies;
  const bool from_stream = TakeFromStream(input, stream, let_in, *rules, diagnostics);
  const bool replaced = no_config && !policy::AddDefaults(rules->documents, diagnostics);
  rules->source =
      replaced ? "the stream" : settings.config_name + (from_stream ? " and the stream" : "");
  if (diagnostics.HasErrors()) return rules;

  rules->pipeline = policy::ReadPipeline(rules->documents, diagnostics);
  rules->profiles = policy::Profiles::Resolve(rules->documents, diagnostics);
  const bool has_profiles =
      !diagnostics.HasErrors();  // If not, looking names up in them only adds noise.
  rules->exceptions = policy::Exceptions::Read(rules->documents, settings.today, diagnostics);
  rules->policies = policy::MakePolicies(rules->documents, rules->pipeline, diagnostics);
  policy::SortSidecars(rules->policies, diagnostics);
  if (has_profiles) {
    policy::CheckTierNames(rules->documents, rules->profiles, diagnostics);
    ChooseEnvironment(settings, *rules, diagnostics);
  }
  rules->kube_version = settings.kube_version
                            ? *settings.kube_version
                            : rules->pipeline.kube_version.value_or(kube::Version{});
  return rules;
}

}  // namespace cloudlab::app
