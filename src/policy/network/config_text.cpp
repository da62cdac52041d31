#include "policy/network/config_text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/network/config_file.hpp"
#include "policy/network/key_words.hpp"

namespace cloudlab::policy::network {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

/// `$(NAME)` of defined variables; `$$` escapes (k8s.io/kubernetes/third_party/forked/golang/
/// expansion).
std::string ExpandKubelet(std::string_view text, const Variables& variables) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const std::size_t close = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
    const auto found = close == std::string_view::npos
                           ? variables.end()
                           : variables.find(text.substr(i + 2, close - i - 2));
    if (found == variables.end()) {
      out += text[i];
      continue;
    }
    out += found->second;
    i = close;
  }
  return out;
}

/// `${NAME}`, `${NAME:-default}`, `${env:NAME}`: what is not defined stays.
std::string ExpandShell(std::string text, const Variables& variables) {
  std::size_t open = text.find("${");
  while (open != std::string::npos) {
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) break;
    std::string_view name = std::string_view(text).substr(open + 2, close - open - 2);
    if (name.starts_with("env:")) name.remove_prefix(4);
    std::string_view fallback;
    if (const std::size_t dash = name.find(":-"); dash != std::string_view::npos) {
      fallback = name.substr(dash + 2);
      name = name.substr(0, dash);
    }
    const auto found = variables.find(name);
    const std::string value = found != variables.end() ? found->second : std::string(fallback);
    if (value.empty()) {
      open = text.find("${", close);
      continue;
    }
    text.replace(open, close - open + 1, value);
    open = text.find("${", open + value.size());
  }
  return text;
}

std::string DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) continue;  // Line feeds and padding.
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
  }
  return out;
}

/// The entries of a ConfigMap or Secret, decoded.
std::vector<std::pair<std::string, std::string>> Entries(const kube::Manifest& object) {
  std::vector<std::pair<std::string, std::string>> entries;
  const bool secret = object.id.kind == "Secret";
  for (const char* field : {"data", "stringData", "binaryData"}) {
    const bool encoded =
        secret ? std::string_view(field) == "data" : std::string_view(field) == "binaryData";
    for (const yaml::NodeView entry : object.root.Find(field).children()) {
      entries.emplace_back(entry.Key(), encoded ? DecodeBase64(entry.Text()) : entry.Text());
    }
  }
  return entries;
}

class Reader {
 public:
  Reader(const kube::Manifest& workload, const kube::Index& stream)
      : workload_(workload), stream_(stream) {}

  std::vector<ConfigText> Run() {
    for (const kube::Container& container : kube::Containers(workload_.pod)) {
      Variables variables;
      ReadVariables(container.node, variables);
      ReadWords(container.node, variables);
      ReadFiles(container.node, variables);
    }
    return std::move(texts_);
  }

 private:
  const kube::Manifest* Find(std::string_view kind, const std::string& name) const {
    return stream_.Find("", kind, workload_.id.ns, name);
  }

  void Add(ConfigText text, Source source) {
    text.source = source;
    texts_.push_back(std::move(text));
  }

  /// The value of `key` in a ConfigMap or Secret that `reference` names.
  std::optional<std::string> ValueOf(std::string_view kind, yaml::NodeView reference) const {
    const kube::Manifest* object = Find(kind, reference.Find("name").Text());
    if (object == nullptr) return std::nullopt;
    const std::string key = reference.Find("key").Text();
    for (auto& [name, value] : Entries(*object)) {
      if (name == key) return std::move(value);
    }
    return std::nullopt;
  }

  void ReadVariables(yaml::NodeView container, Variables& variables) {
    std::vector<ConfigText> here;
    for (const yaml::NodeView child : container.Find("envFrom").children()) {
      const yaml::NodeView item = child.Resolved();
      const std::string prefix = item.Find("prefix").Text();
      for (const auto& [field, kind] :
           {std::pair("configMapRef", "ConfigMap"), std::pair("secretRef", "Secret")}) {
        const kube::Manifest* object = Find(kind, item.Find({field, "name"}).Text());
        if (object == nullptr) continue;
        for (auto& [key, value] : Entries(*object)) {
          variables[prefix + key] = value;
          here.push_back({prefix + key, std::move(value), "env " + prefix + key});
          here.back().source = Source::kConfigMap;
        }
      }
    }
    for (const yaml::NodeView child : container.Find("env").children()) {
      const auto [name, value, source] =
          child.Resolved().FindEach<3>({"name", "value", "valueFrom"});
      std::optional<std::string> text;
      if (!source) text = ExpandKubelet(value.Text(), variables);
      if (!text) text = ValueOf("ConfigMap", source.Find("configMapKeyRef"));
      if (!text) text = ValueOf("Secret", source.Find("secretKeyRef"));
      if (!text) continue;
      variables[name.Text()] = *text;
      here.push_back({name.Text(), *std::move(text), "env " + name.Text()});
      if (source) here.back().source = Source::kConfigMap;
    }
    GivePorts(here);
    std::move(here.begin(), here.end(), std::back_inserter(texts_));
  }

  /// Command and arguments. An option's name is the name of its value: `--db=x`, `--db x`.
  void ReadWords(yaml::NodeView container, const Variables& variables) {
    for (const char* field : {"command", "args"}) {
      std::string option;
      std::size_t number = 0;
      for (const yaml::NodeView child : container.Find(field).children()) {
        ++number;
        std::string word =
            ExpandShell(ExpandKubelet(child.Resolved().Text(), variables), variables);
        const bool is_option = word.starts_with('-');
        const std::size_t equals = is_option ? word.find('=') : std::string::npos;
        const std::string kind = std::string_view(field) == "args" ? "arg " : "command ";
        if (equals != std::string::npos) {
          const std::string name = word.substr(0, equals);
          Add({name, word.substr(equals + 1), kind + name}, Source::kArgs);
        } else if (!is_option) {
          AddWord(option, std::move(word),
                  kind + (option.empty() ? std::to_string(number) : option));
        }
        option = is_option && equals == std::string::npos ? word : std::string();
      }
    }
  }

  /// A script is read line by line, as a file is.
  void AddWord(const std::string& option, std::string word, const std::string& evidence) {
    if (word.find('\n') == std::string::npos) {
      Add({option, std::move(word), evidence}, Source::kArgs);
      return;
    }
    for (ConfigText& text : ReadFileTexts("script.sh", word)) {
      text.evidence = evidence;
      Add(std::move(text), Source::kArgs);
    }
  }

  void ReadFiles(yaml::NodeView container, const Variables& variables) {
    for (const yaml::NodeView child : container.Find("volumeMounts").children()) {
      const auto [name, path] = child.Resolved().FindEach<2>({"name", "subPath"});
      for (const yaml::NodeView volume : workload_.pod.spec.Find("volumes").children()) {
        if (!volume.Resolved().Find("name").TextIs(name.Text())) continue;
        ReadVolume(volume.Resolved(), path.Text(), variables);
      }
    }
  }

  void ReadVolume(yaml::NodeView volume, const std::string& only, const Variables& variables) {
    ReadSource("ConfigMap", volume.Find("configMap"), "name", only, variables);
    ReadSource("Secret", volume.Find("secret"), "secretName", only, variables);
    for (const yaml::NodeView child : volume.Find({"projected", "sources"}).children()) {
      const yaml::NodeView source = child.Resolved();
      ReadSource("ConfigMap", source.Find("configMap"), "name", only, variables);
      ReadSource("Secret", source.Find("secret"), "name", only, variables);
    }
  }

  void ReadSource(std::string_view kind, yaml::NodeView source, std::string_view name_field,
                  const std::string& only, const Variables& variables) {
    if (!source) return;
    const kube::Manifest* object = Find(kind, source.Find(name_field).Text());
    if (object == nullptr) return;
    std::map<std::string, std::string> paths;  // Key -> path, if the volume picks keys.
    for (const yaml::NodeView child : source.Find("items").children()) {
      const auto [key, path] = child.Resolved().FindEach<2>({"key", "path"});
      paths[key.Text()] = path.Text();
    }
    for (const auto& [key, value] : Entries(*object)) {
      const auto picked = paths.find(key);
      if (!paths.empty() && picked == paths.end()) continue;
      const std::string path = picked == paths.end() ? key : picked->second;
      if (!only.empty() && path != only && !path.starts_with(only + "/")) continue;
      if (std::ranges::find(read_, std::pair(object, key)) != read_.end()) continue;
      read_.emplace_back(object, key);
      for (ConfigText& text : ReadFileTexts(path, value)) {
        text.text = ExpandShell(std::move(text.text), variables);
        text.evidence = "file " + key;
        Add(std::move(text), Source::kFiles);
      }
    }
  }

  const kube::Manifest& workload_;
  const kube::Index& stream_;
  std::vector<ConfigText> texts_;
  // Files that a container before has mounted as well.
  std::vector<std::pair<const kube::Manifest*, std::string>> read_;
};

}  // namespace

std::vector<ConfigText> ReadConfigTexts(const kube::Manifest& workload, const kube::Index& stream) {
  return Reader(workload, stream).Run();
}

}  // namespace cloudlab::policy::network
