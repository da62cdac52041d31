#include "policy/sidecar/variables.hpp"

#include <array>
#include <utility>
#include <vector>

#include "policy/suggest.hpp"

namespace cloudlab::policy::sidecar {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";
constexpr std::string_view kLabel = "label:";
constexpr std::string_view kInstance = "app.kubernetes.io/instance";

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

Variables::Variables(const Subject& subject, const Run& run, const kube::PodTemplate& pod)
    : subject_(subject), run_(run), pod_(pod) {}

Variables::Answer Variables::Find(std::string_view name) const {
  const kube::Manifest& manifest = *subject_.manifest;
  const auto label = [&](std::string_view key) {
    std::string value = pod_.Label(key);
    return value.empty() ? manifest.Label(key) : value;
  };
  std::string value;
  std::string way_out;
  if (name.starts_with(kLabel)) {
    value = label(name.substr(kLabel.size()));
    way_out = "neither pod nor workload has that label";
  } else if (name == "workload") {
    value = manifest.id.name;
    way_out = "the workload has no name";
  } else if (name == "namespace") {
    value = manifest.id.ns;
    way_out = "say the namespace with --namespace";
  } else if (name == "kind") {
    value = manifest.id.kind;
  } else if (name == "environment") {
    value = subject_.environment;
    way_out = "say the environment with --environment";
  } else if (name == "release") {
    value = run_.release.empty() ? label(kInstance) : run_.release;
    way_out = "say the release with --release";
  } else {
    static const std::vector<std::string> known = {"workload",    "namespace", "kind",
                                                   "environment", "release",   "label:KEY"};
    return {{},
            "unknown variable {{" + std::string(name) + "}}: " + Suggestion(name, known) +
                "; `{{{{` stands for `{{`"};
  }
  if (value.empty()) return {{}, "{{" + std::string(name) + "}} has no value here: " + way_out};
  return {std::move(value), {}};
}

std::string Variables::Expand(std::string& text) const {
  if (text.find(kOpen) == std::string::npos) return {};
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
      return "`{{` without `}}`; `{{{{` stands for `{{`";
    }
    Answer answer = Find(Trim(rest.substr(0, close)));
    if (!answer.error.empty()) return std::move(answer.error);
    result += answer.value;
    rest.remove_prefix(close + kClose.size());
  }
  text = std::move(result);
  return {};
}

std::string Variables::Expand(yaml::Value& value) const {
  std::vector<yaml::Value*> work = {&value};
  while (!work.empty()) {
    yaml::Value* next = work.back();
    work.pop_back();
    if (next->kind() == yaml::Value::Kind::kString) {
      std::string text = next->text();
      std::string error = Expand(text);
      if (!error.empty()) return error;
      if (text != next->text()) *next = yaml::Value::String(std::move(text));
    }
    // Backwards, so that the first text in the policy is the first to fail.
    for (auto it = next->entries().rbegin(); it != next->entries().rend(); ++it) {
      work.push_back(&it->second);
    }
    for (auto it = next->items().rbegin(); it != next->items().rend(); ++it) work.push_back(&*it);
  }
  return {};
}

bool NamesWorkload(std::string_view text) {
  for (std::size_t open = text.find(kOpen); open != std::string_view::npos;
       open = text.find(kOpen, open + kOpen.size())) {
    const std::string_view rest = text.substr(open + kOpen.size());
    if (Trim(rest.substr(0, rest.find(kClose))) == "workload") return true;
  }
  return false;
}

}  // namespace cloudlab::policy::sidecar
