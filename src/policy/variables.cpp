#include "policy/variables.hpp"

#include <array>
#include <ranges>
#include <utility>
#include <vector>

#include "kube/pod_template.hpp"
#include "policy/suggest.hpp"

namespace cloudlab::policy {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kLabel = "label:";
constexpr std::string_view kSecretPath = "profile.secretPath";
constexpr std::string_view kInstance = "app.kubernetes.io/instance";

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Variables::Variables(const Subject& subject, const Run& run) : subject_(subject), run_(run) {}

std::variant<std::string, Variables::Flaw> Variables::Find(std::string_view name) const {
  const kube::Manifest& manifest = *subject_.manifest;
  const auto label = [&](std::string_view key) {
    std::string value = subject_.manifest->pod.Label(key);
    return value.empty() ? manifest.Label(key) : value;
  };
  const std::string shown = "{{" + std::string(name) + "}}";
  std::string value;
  std::string hint;
  if (name.starts_with(kLabel)) {
    value = label(name.substr(kLabel.size()));
    hint = "neither pod nor workload has that label";
  } else if (name == "workload") {
    value = manifest.id.name;
    hint = "the workload has no name";
  } else if (name == "namespace") {
    value = manifest.id.ns;
    hint = "say the namespace with --namespace";
  } else if (name == "kind") {
    value = manifest.id.kind;
  } else if (name == "mainContainer") {
    value = kube::MainContainer(subject_.manifest->pod);
    hint = "the pod has no container";
  } else if (name == "environment") {
    value = subject_.environment;
    hint = "say the environment with --environment";
  } else if (name == "release") {
    value = run_.release.empty() ? label(kInstance) : run_.release;
    hint = "say the release with --release";
  } else if (name == kSecretPath) {
    return FindSecretPath();
  } else {
    static const std::vector<std::string> known = {
        "workload",    "namespace", "kind",      "mainContainer",
        "environment", "release",   "label:KEY", std::string(kSecretPath)};
    return Flaw{"unknown variable " + shown,
                Suggestion(name, known) + "; to write two opening braces, write four"};
  }
  if (value.empty()) return Flaw{shown + " has no value for this workload", std::move(hint)};
  return value;
}

/// A path may hold every variable but itself.
std::variant<std::string, Variables::Flaw> Variables::FindSecretPath() const {
  const Profile* profile = subject_.profile;
  if (profile == nullptr || profile->secret_path.empty()) {
    return Flaw{"{{profile.secretPath}} has no value for this workload",
                "write `secretPath` into the EnvironmentProfile of its environment"};
  }
  std::string path = profile->secret_path;
  if (path.find(kSecretPath) != std::string::npos) {
    return Flaw{"the secretPath of the profile " + profile->name + " mentions itself",
                "write the path itself"};
  }
  if (auto flaw = Expand(path)) return std::move(*flaw);
  return path;
}

std::optional<Variables::Flaw> Variables::Expand(std::string& text) const {
  if (text.find(kOpen) == std::string::npos) return std::nullopt;
  std::string result;
  std::string_view rest = text;
  while (true) {
    const std::size_t open = rest.find(kOpen);
    result += rest.substr(0, open);
    if (open == std::string_view::npos) break;
    rest.remove_prefix(open + kOpen.size());
    if (rest.starts_with(kOpen)) {
      result += kOpen;
      rest.remove_prefix(kOpen.size());
      continue;
    }
    const std::size_t close = rest.find(kClose);
    if (close == std::string_view::npos) {
      return Flaw{"`{{` without `}}`", "to write two opening braces, write four"};
    }
    auto answer = Find(Trim(rest.substr(0, close)));
    if (auto* flaw = std::get_if<Flaw>(&answer)) return std::move(*flaw);
    result += std::get<std::string>(answer);
    rest.remove_prefix(close + kClose.size());
  }
  text = std::move(result);
  return std::nullopt;
}

std::optional<Variables::Flaw> Variables::Expand(yaml::Value& value) const {
  std::vector<yaml::Value*> work = {&value};
  while (!work.empty()) {
    yaml::Value* next = work.back();
    work.pop_back();
    if (next->kind() == yaml::Value::Kind::kString) {
      std::string text = next->text();
      if (auto flaw = Expand(text)) return flaw;
      if (text != next->text()) *next = yaml::Value::String(std::move(text));
    }
    // Backwards, so that the first text in the policy is the first to fail.
    for (auto& [key, child] : std::views::reverse(next->mutable_entries())) work.push_back(&child);
    for (yaml::Value& item : std::views::reverse(next->mutable_items())) work.push_back(&item);
  }
  return std::nullopt;
}

bool NamesWorkload(std::string_view text) {
  for (std::size_t open = text.find(kOpen); open != std::string_view::npos;
       open = text.find(kOpen, open + kOpen.size())) {
    const std::string_view rest = text.substr(open + kOpen.size());
    if (Trim(rest.substr(0, rest.find(kClose))) == "workload") return true;
  }
  return false;
}

}  // namespace cloudlab::policy
