// Entries are kept as lists of globs; an empty list is a condition that was not given. The answer
// of a failed `any` is that of the entry that came furthest: the first whose kind fits.
#include "policy/match.hpp"

#include <algorithm>

#include "policy/glob.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::policy {
namespace {

std::vector<std::string> Texts(const yaml::Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const yaml::Value& item : list->items()) texts.push_back(item.text());
  return texts;
}

bool OneMatches(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() ||
         std::ranges::any_of(globs, [&](const auto& glob) { return GlobMatches(glob, text); });
}

/// "namespace shop is not one of web, api", or empty if it is.
std::string GlobObjection(std::string_view what, const std::vector<std::string>& globs,
                          std::string_view text) {
  if (OneMatches(globs, text)) return {};
  std::string objection =
      text.empty() ? "it has no " + std::string(what) : std::string(what) + " " + std::string(text);
  return objection + (text.empty() ? ", which must be one of " : " is not one of ") + Joined(globs);
}

std::optional<kube::Selector> ReadSelector(const yaml::Value* value) {
  return value == nullptr ? std::nullopt : kube::Selector::Parse(*value);
}

std::string HookObjection(Match::Hooks hooks, bool is_hook) {
  if (hooks == Match::Hooks::kExclude && is_hook) return "it is a Helm hook";
  if (hooks == Match::Hooks::kOnly && !is_hook) return "it is not a Helm hook";
  return {};
}

/// True if `text` begins like a version: digits and a dot, perhaps behind a `v`.
bool IsVersionStart(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::size_t digits = text.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && text[digits] == '.';
}

}  // namespace

Match::Match(const yaml::Value* value, Hooks when_unsaid) {
  if (value == nullptr) return;
  const auto read = [&](std::string_view key, std::vector<Entry>& entries) {
    const yaml::Value* list = value->Find(key);
    if (list == nullptr) return;
    for (const yaml::Value& item : list->items()) entries.push_back(ReadEntry(item, when_unsaid));
  };
  read("any", any_);
  read("all", all_);
}

Match::Entry Match::ReadEntry(const yaml::Value& value, Hooks when_unsaid) {
  Entry entry;
  for (const std::string& text : Texts(value.Find("kinds"))) {
    const std::size_t slash = text.rfind('/');
    if (slash == std::string::npos) {
      entry.kinds.push_back({std::nullopt, text});
    } else {
      entry.kinds.push_back({text.substr(0, slash), text.substr(slash + 1)});
    }
  }
  entry.namespaces = Texts(value.Find("namespaces"));
  entry.names = Texts(value.Find("names"));
  entry.environments = Texts(value.Find("environments"));
  entry.charts = Texts(value.Find("charts"));
  entry.sources = Texts(value.Find("sources"));
  entry.selector = ReadSelector(value.Find("selector"));
  entry.pod_selector = ReadSelector(value.Find("podSelector"));
  if (const yaml::Value* annotations = value.Find("annotations")) {
    for (const auto& [key, glob] : annotations->entries()) {
      const bool absent = glob.kind() == yaml::Value::Kind::kLiteral;  // The schema: only null.
      entry.annotations.emplace_back(key, absent ? std::nullopt : std::optional(glob.text()));
    }
  }
  entry.hooks = when_unsaid;
  if (const yaml::Value* hooks = value.Find("hooks")) {
    entry.hooks = hooks->text() == "Only"      ? Hooks::kOnly
                  : hooks->text() == "Include" ? Hooks::kInclude
                                               : Hooks::kExclude;
  }
  return entry;
}

MatchAnswer Match::Ask(const MatchTarget& target) const {
  MatchAnswer answer{true, true, {}};
  for (const Entry& entry : all_) {
    answer = AskEntry(entry, target);
    if (!answer.matches) return answer;
  }
  if (any_.empty()) return answer;
  MatchAnswer nearest;
  for (const Entry& entry : any_) {
    answer = AskEntry(entry, target);
    if (answer.matches) return answer;
    if (answer.kind_matches && !nearest.kind_matches) nearest = answer;
  }
  return nearest;
}

MatchAnswer Match::AskEntry(const Entry& entry, const MatchTarget& target) {
  const kube::ObjectId& id = target.manifest->id;
  const bool workload =
      target.manifest->pod || kube::FindWorkloadKind(id.group(), id.kind) != nullptr;
  const bool kind_matches =
      entry.kinds.empty() || std::ranges::any_of(entry.kinds, [&](const KindName& name) {
        if (!name.group && name.kind == "Workload") return workload;
        return name.kind == id.kind && (!name.group || *name.group == id.group());
      });
  if (!kind_matches) return {};
  std::string objection = Objection(entry, target);
  return {objection.empty(), true, std::move(objection)};
}

/// Why `entry` does not hold for an object whose kind it names; empty if it holds.
std::string Match::Objection(const Entry& entry, const MatchTarget& target) {
  const kube::Manifest& manifest = *target.manifest;
  std::string objection = HookObjection(entry.hooks, manifest.hook);
  const auto check = [&](std::string_view what, const std::vector<std::string>& globs,
                         std::string_view text) {
    if (objection.empty()) objection = GlobObjection(what, globs, text);
  };
  check("environment", entry.environments, target.environment);
  check("namespace", entry.namespaces, manifest.id.ns);
  check("name", entry.names, manifest.id.name);
  if (!entry.charts.empty()) check("chart", entry.charts, ChartOf(manifest));
  if (!entry.sources.empty()) check("source", entry.sources, manifest.Source());
  if (!objection.empty()) return objection;
  if (entry.selector && !entry.selector->Matches(manifest.root.Find({"metadata", "labels"}))) {
    return "its labels do not fit the selector";
  }
  if (entry.pod_selector &&
      !(target.manifest->pod &&
        entry.pod_selector->Matches(target.manifest->pod.metadata.Find("labels")))) {
    return "the labels of its pods do not fit the podSelector";
  }
  for (const auto& [key, glob] : entry.annotations) {
    const std::optional<std::string> value = NearestAnnotation(target, key);
    if (!glob && value) return "it has the annotation " + key;
    if (glob && !value) return "it has no annotation " + key;
    if (glob && !GlobMatches(*glob, *value)) return "its annotation " + key + " is not " + *glob;
  }
  return {};
}

ContainerSelector::ContainerSelector(const yaml::Value* value) {
  if (value == nullptr) return;
  names_ = Texts(value->Find("names"));
  images_ = Texts(value->Find("images"));
  for (const std::string& type : Texts(value->Find("types"))) {
    if (const auto parsed = kube::ParseContainerType(type)) types_.push_back(*parsed);
  }
}

bool ContainerSelector::Matches(std::string_view name, std::string_view image,
                                kube::ContainerType type) const {
  const bool type_matches = types_.empty() || std::ranges::find(types_, type) != types_.end();
  return type_matches && OneMatches(names_, name) && OneMatches(images_, image);
}

std::optional<std::string> NearestAnnotation(const MatchTarget& target, std::string_view key) {
  const yaml::NodeView of_pod = target.manifest->pod.metadata.Find("annotations").Find(key);
  if (of_pod) return of_pod.Text();
  const yaml::NodeView of_object = target.manifest->annotations.Find(key);
  if (of_object) return of_object.Text();
  return std::nullopt;
}

std::string ChartOf(const kube::Manifest& manifest) {
  std::string label = manifest.Label("helm.sh/chart");
  if (label.empty()) {
    const std::string source = manifest.Source();
    const std::size_t slash = source.find('/');
    return slash == std::string::npos ? std::string() : source.substr(0, slash);
  }
  for (std::size_t dash = label.find('-'); dash != std::string::npos;
       dash = label.find('-', dash + 1)) {
    if (IsVersionStart(std::string_view(label).substr(dash + 1))) return label.substr(0, dash);
  }
  return label;
}

}  // namespace cloudlab::policy
