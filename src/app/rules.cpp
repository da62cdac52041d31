#include "app/rules.hpp"

#include <algorithm>

#include "kube/package_file.hpp"

#include "policy/defaults.hpp"
#include "policy/sidecar/order.hpp"

namespace cloudlab::app {
namespace {

/// Which policy documents of the stream count.
class Admission {
 public:
  Admission(const Settings& settings, const Rules& rules, text::Diagnostics& diagnostics) {
    const policy::PipelineSettings pipeline = policy::ReadPipeline(rules.documents, diagnostics);
    all_ = settings.config_kind == Settings::Config::kDefaults || pipeline.allow_stream_policies;
    if (!settings.is_function || all_) return;
    // A function has one document for all: whatever else it needs stands beside what it works on,
    // unless it says otherwise.
    const yaml::NodeView said = pipeline.document == nullptr
                                    ? yaml::NodeView()
                                    : pipeline.document->root.Find({"spec", "allowStreamPolicies"});
    profiles_ = !said;
    if (profiles_) names_ = policy::ListedNames(pipeline);
    for (const policy::Document& document : rules.documents.documents()) {
      std::erase(names_, document.name);
      // kpt hands the file of the functionConfig in among the items.
      own_.push_back(document.Display());
    }
  }

  bool Admits(yaml::NodeView document) const {
    const std::string kind = document.Find("kind").Text();
    const std::string name = policy::OriginalName(document);
    if (std::ranges::find(own_, kind + "/" + name) != own_.end()) return false;
    return all_ || (profiles_ && kind == "EnvironmentProfile") ||
           std::ranges::find(names_, name) != names_.end();
  }

 private:
  bool all_ = false;
  bool profiles_ = false;
  std::vector<std::string> names_;
  std::vector<std::string> own_;
};

/// True if a host of functions would lose it: an item that leaves the list is a file that is
/// deleted, and what is for tools only the host takes out itself.
bool BelongsToHost(const kube::Manifest& manifest) {
  return manifest.local_config || kube::PackageFileOf(manifest.annotations);
}

/// Policy documents in the stream are taken out; they count if they are admitted. Returns true if
/// any counts.
bool TakeFromStream(const text::Source& input, Documents& stream, const Admission& admission,
                    bool is_function, Rules& rules, text::Diagnostics& diagnostics) {
  bool found = false;
  for (Document& document : stream) {
    if (!document.is_policy) continue;
    for (auto& manifest : kube::Manifests(document.input(), 0)) {
      document.stays = is_function && BelongsToHost(manifest);
      if (!document.stays) rules.taken_out.push_back(std::move(manifest.id));
    }
    if (!admission.Admits(yaml::NodeView::Root(document.input()))) continue;
    rules.documents.ReadFromStream(input, document.slice(), diagnostics);
    found = true;
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
  for (const PolicyNode& node : settings.config_nodes) {
    rules->documents.Add(node.root, *node.source, node.offset, policy::DocumentOrigin::kConfig,
                         diagnostics);
  }
  const bool no_config = settings.config_kind == Settings::Config::kDefaults;
  const Admission admission(settings, *rules, diagnostics);
  const bool from_stream =
      TakeFromStream(input, stream, admission, settings.is_function, *rules, diagnostics);
  // A function with policies among its items does what these say, and nothing else.
  const bool is_complete = settings.is_function && from_stream;
  const bool replaced =
      no_config && (is_complete || !policy::AddDefaults(rules->documents, diagnostics));
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
