#include "policy/annotations.hpp"

#include <utility>

namespace cloudlab::policy {
namespace {

yaml::NodeView OfObject(const MatchTarget& target) { return target.manifest->annotations; }

yaml::NodeView OfPod(const MatchTarget& target) {
  return target.manifest->pod.metadata.Find("annotations");
}

/// True if object and pod template are the same thing: a Pod.
bool AreOne(const MatchTarget& target) {
  return target.manifest->pod && target.manifest->pod.path.empty();
}

}  // namespace

std::vector<Annotation> FindAnnotations(const MatchTarget& target, const kube::Index& index,
                                        std::string_view key) {
  std::vector<Annotation> found;
  std::string of_namespace = index.NamespaceAnnotation(target.manifest->id.ns, key);
  if (!of_namespace.empty()) found.push_back({std::move(of_namespace), Level::kNamespace, {}});
  if (!AreOne(target)) {
    if (const yaml::NodeView node = OfObject(target).Find(key)) {
      found.push_back({node.Text(), Level::kObject, node});
    }
  }
  if (const yaml::NodeView node = OfPod(target).Find(key)) {
    found.push_back({node.Text(), Level::kPod, node});
  }
  return found;
}

std::optional<Annotation> FindAnnotation(const MatchTarget& target, const kube::Index& index,
                                         std::string_view key) {
  std::vector<Annotation> found = FindAnnotations(target, index, key);
  if (found.empty()) return std::nullopt;
  return std::move(found.back());
}

std::string Display(const Annotation& annotation, std::string_view key) {
  std::string text = "annotation " + std::string(key);
  if (annotation.level == Level::kNamespace) text += " of the Namespace";
  return text;
}

std::vector<std::pair<std::string, yaml::NodeView>> OwnAnnotations(const MatchTarget& target) {
  std::vector<std::pair<std::string, yaml::NodeView>> all;
  for (const yaml::NodeView entry : OfObject(target).children()) {
    all.emplace_back(entry.Key(), entry);
  }
  if (AreOne(target)) return all;
  for (const yaml::NodeView entry : OfPod(target).children()) all.emplace_back(entry.Key(), entry);
  return all;
}

std::vector<std::string> SkipWords(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    const std::size_t begin = word.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) continue;
    word = word.substr(begin, word.find_last_not_of(" \t\r\n") - begin + 1);
    words.emplace_back(word);
  }
  return words;
}

bool IsEveryPolicy(std::string_view word) { return word == "all" || word == "*"; }

}  // namespace cloudlab::policy
