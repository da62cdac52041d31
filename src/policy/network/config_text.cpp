#include "policy/network/config_text.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/network/command_line.hpp"
#include "policy/network/config_file.hpp"
#include "policy/network/config_store.hpp"
#include "policy/network/directory.hpp"
#include "policy/network/key_words.hpp"
#include "policy/network/variables.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::network {
namespace {

bool IsScript(std::string_view path, std::string_view content) {
  return path.ends_with(".sh") || path.ends_with(".bash") ||
         (content.starts_with("#!") && content.substr(0, content.find('\n')).ends_with("sh"));
}

bool IsNameChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Reader {
 public:
  Reader(const kube::Manifest& workload, const kube::Index& stream, ConfigStore& store)
      : workload_(workload),
        stream_(stream),
        store_(store),
        has_service_links_(!workload.pod.spec.Find("enableServiceLinks").TextIs("false")) {}

  std::vector<AddressedTexts> Run() {
    for (const kube::Container& container : kube::Containers(workload_.pod)) {
      Variables variables;
      ReadVariables(container.node, variables);
      ReadWords(container.node, variables);
      ReadFiles(container.node, variables);
    }
    CloseGroup();
    return std::move(groups_);
  }

 private:
  const kube::Manifest* Find(std::string_view kind, const std::string& name) const {
    const kube::Manifest* found = stream_.Find("", kind, workload_.id.ns, name);
    if (found != nullptr || kind != "Secret") return found;
    // What is readable of a Secret stands in the template of the object that makes it.
    return stream_.Find("external-secrets.io", "ExternalSecret", workload_.id.ns, name);
  }

  /// The value of `key` in a ConfigMap or Secret that `reference` names.
  std::optional<std::string> ValueOf(std::string_view kind, yaml::NodeView reference) const {
    const kube::Manifest* object = Find(kind, reference.Find("name").Text());
    if (object == nullptr) return std::nullopt;
    const ConfigStore::Entry* entry = store_.Read(*object).Find(reference.Find("key").Text());
    return entry == nullptr ? std::nullopt : std::optional(entry->value);
  }

  /// Defines the variables of Services that `text` uses: the kubelet gives every container
  /// CART_SERVICE_HOST and CART_SERVICE_PORT of the Services of its namespace, and those of the API
  /// server (documentation, "Service", "Environment variables").
  void DefineServices(std::string_view text, Variables& variables) const {
    constexpr std::string_view kMark = "_SERVICE_";
    constexpr std::size_t kLongestName = 63;  // Of a Service (RFC 1035).
    if (!has_service_links_) return;
    for (std::size_t at = text.find(kMark); at != std::string_view::npos;
         at = text.find(kMark, at + 1)) {
      std::size_t begin = at;
      while (begin > 0 && at - begin <= kLongestName && IsNameChar(text[begin - 1])) --begin;
      std::size_t end = at + kMark.size();
      while (end < text.size() && end - at <= kLongestName && IsNameChar(text[end])) ++end;
      const std::string variable(text.substr(begin, end - begin));
      if (variables.contains(variable)) continue;
      std::string name = text::LowerCase(text.substr(begin, at - begin));
      std::ranges::replace(name, '_', '-');
      const std::string_view what = text.substr(at + kMark.size(), end - at - kMark.size());
      const std::string value = OfService(name, what);
      if (!value.empty()) variables[variable] = value;
    }
  }

  /// HOST and PORT of a Service of the pod's namespace.
  std::string OfService(const std::string& name, std::string_view what) const {
    const bool api_server = name == "kubernetes";
    const kube::Manifest* service = api_server ? nullptr : Find("Service", name);
    if (service == nullptr && !api_server) return {};
    if (what == "HOST") return api_server ? "kubernetes.default.svc" : name;
    if (what != "PORT") return {};
    if (api_server) return "443";
    for (const yaml::NodeView port : service->root.Find({"spec", "ports"}).children()) {
      return port.Resolved().Find("port").Text();
    }
    return {};
  }

  void ReadVariables(yaml::NodeView container, Variables& variables) {
    std::vector<ConfigText> here;
    for (const yaml::NodeView child : container.Find("envFrom").children()) {
      const yaml::NodeView item = child.Resolved();
      const std::string prefix = item.Find("prefix").Given().Text();
      for (const auto& [field, kind] :
           {std::pair("configMapRef", "ConfigMap"), std::pair("secretRef", "Secret")}) {
        const kube::Manifest* object = Find(kind, item.Find({field, "name"}).Text());
        if (object == nullptr) continue;
        for (const ConfigStore::Entry& entry : store_.Read(*object).entries()) {
          const std::string key = prefix + entry.key;
          variables[key] = entry.value;
          here.push_back({key, entry.value, "env " + key});
          here.back().source = Source::kConfigMap;
        }
      }
    }
    for (const yaml::NodeView child : container.Find("env").children()) {
      const auto [name, value, source] =
          child.Resolved().FindGiven<3>({"name", "value", "valueFrom"});
      if (const std::string own = OwnField(source.Find({"fieldRef", "fieldPath"})); !own.empty()) {
        variables[name.Text()] = own;
        if (own == kOwnNode) here.push_back({name.Text(), own, "env " + name.Text()});
        continue;
      }
      std::optional<std::string> text;
      if (!source) {
        DefineServices(value.Text(), variables);
        text = ExpandKubelet(value.Text(), variables);
      }
      if (!text) text = ValueOf("ConfigMap", source.Find("configMapKeyRef"));
      if (!text) text = ValueOf("Secret", source.Find("secretKeyRef"));
      if (!text) continue;
      variables[name.Text()] = *text;
      here.push_back({name.Text(), *std::move(text), "env " + name.Text()});
      if (source) here.back().source = Source::kConfigMap;
    }
    GivePorts(here);
    texts_.insert(texts_.end(), here.begin(), here.end());
    for (const ConfigText& text : here) ReadInside(text, variables);
  }

  /// What the kubelet will say of the pod, as far as the stream tells.
  std::string OwnField(yaml::NodeView path) const {
    if (path.TextIs("metadata.namespace")) return workload_.id.ns;
    if (path.TextIs("status.hostIP")) return std::string(kOwnNode);
    if (!path.TextIs("metadata.name")) return {};
    if (workload_.id.kind == "Pod") return workload_.id.name;
    return workload_.id.kind == "StatefulSet" ? workload_.id.name + "-0" : std::string();
  }

  /// A variable may hold a file (of YAML, JSON or lines) or options (`-Ddb.host=db`).
  void ReadInside(const ConfigText& variable, const Variables& variables) {
    const std::string& text = variable.text;
    std::vector<ConfigText> found;
    if (text.starts_with('{') || text.starts_with('[') || text.find('\n') != std::string::npos) {
      found = ReadFileTexts(variable.name, ExpandShell(text, variables));
    } else if (text.starts_with('-') || text.find(" -") != std::string::npos) {
      found = ReadScript(text, variables);
    }
    AddAll(std::move(found), variable.source, variable.evidence, variable.name);
  }

  /// Adds texts that were found in one; those without a name have its name.
  void AddAll(std::vector<ConfigText> found, Source source, const std::string& evidence,
              const std::string& name = {}) {
    for (ConfigText& text : found) {
      if (text.name.empty()) text.name = name;
      text.evidence = evidence;
      text.source = source;
      texts_.push_back(std::move(text));
    }
  }

  /// Commands and arguments: of the container, of its hooks and of its probes.
  void ReadWords(yaml::NodeView container, Variables& variables) {
    ReadList(container.Find("command"), "command ", variables);
    ReadList(container.Find("args"), "arg ", variables);
    for (const auto& [owner, hook] :
         {std::pair("lifecycle", "postStart"), std::pair("lifecycle", "preStop")}) {
      ReadList(container.Find({owner, hook, "exec", "command"}), "command ", variables);
    }
    for (const char* probe : {"startupProbe", "readinessProbe", "livenessProbe"}) {
      ReadList(container.Find({probe, "exec", "command"}), "command ", variables);
    }
  }

  void ReadList(yaml::NodeView list, const std::string& kind, Variables& variables) {
    std::vector<std::string> words;
    for (const yaml::NodeView child : list.children()) {
      DefineServices(child.Resolved().Text(), variables);
      words.push_back(ExpandShell(ExpandKubelet(child.Resolved().Text(), variables), variables));
    }
    for (ConfigText& text : ReadCommand(words)) {
      text.evidence.insert(0, kind);
      text.source = Source::kArgs;
      const std::string evidence = text.evidence;
      const std::string script =
          text.text.find_first_of(" \n") == std::string::npos ? std::string() : text.text;
      if (text.text.find('\n') == std::string::npos) {
        texts_.push_back(std::move(text));
      } else {
        AddAll(ReadFileTexts("script.sh", script), Source::kArgs, evidence);
      }
      if (!script.empty()) AddAll(ReadScript(script, variables), Source::kArgs, evidence);
    }
  }

  void ReadFiles(yaml::NodeView container, Variables& variables) {
    for (const yaml::NodeView child : container.Find("volumeMounts").children()) {
      const auto [name, path] = child.Resolved().FindGiven<2>({"name", "subPath"});
      for (const yaml::NodeView volume : workload_.pod.spec.Find("volumes").children()) {
        if (!volume.Resolved().Find("name").TextIs(name.Text())) continue;
        ReadVolume(volume.Resolved(), path.Text(), variables);
      }
    }
  }

  void ReadVolume(yaml::NodeView volume, const std::string& only, Variables& variables) {
    ReadSource("ConfigMap", volume.Find("configMap"), "name", only, variables);
    ReadSource("Secret", volume.Find("secret"), "secretName", only, variables);
    for (const yaml::NodeView child : volume.Find({"projected", "sources"}).children()) {
      const yaml::NodeView source = child.Resolved();
      ReadSource("ConfigMap", source.Find("configMap"), "name", only, variables);
      ReadSource("Secret", source.Find("secret"), "name", only, variables);
    }
  }

  void ReadSource(std::string_view kind, yaml::NodeView source, std::string_view name_field,
                  const std::string& only, Variables& variables) {
    if (!source) return;
    const kube::Manifest* object = Find(kind, source.Find(name_field).Text());
    if (object == nullptr) return;
    std::map<std::string, std::string> paths;  // Key -> path, if the volume picks keys.
    for (const yaml::NodeView child : source.Find("items").children()) {
      const auto [key, path] = child.Resolved().FindEach<2>({"key", "path"});
      paths[key.Text()] = path.Text();
    }
    for (const ConfigStore::Entry& entry : store_.Read(*object).entries()) {
      const auto picked = paths.find(entry.key);
      if (!paths.empty() && picked == paths.end()) continue;
      const std::string path = picked == paths.end() ? entry.key : picked->second;
      if (!only.empty() && path != only && !path.starts_with(only + "/")) continue;
      if (read_.insert(&entry).second) ReadFile(entry, path, variables);
    }
  }

  /// Pods for which the variables in a file stand for the same share its texts.
  void ReadFile(const ConfigStore::Entry& entry, const std::string& path, Variables& variables) {
    std::string content = entry.value;
    if (entry.has_variables) {
      DefineServices(content, variables);
      content = ExpandShell(std::move(content), variables);
    }
    CloseGroup();
    groups_.push_back(
        store_.ReadFile(entry, path, std::move(content), [&](const std::string& expanded) {
          std::vector<ConfigText> texts = ReadFileTexts(path, expanded);
          if (IsScript(path, entry.value)) {
            std::vector<ConfigText> script = ReadScript(entry.value, variables);
            std::move(script.begin(), script.end(), std::back_inserter(texts));
          }
          const bool secret = NamesSecret(entry.key);
          for (ConfigText& text : texts) {
            text.evidence = "file " + entry.key;
            text.source = Source::kFiles;
            text.secret = secret && text.name.empty();
          }
          return texts;
        }));
  }

  /// What was read so far stands before what follows.
  void CloseGroup() {
    if (!texts_.empty()) groups_.push_back(FindAddressesIn(std::exchange(texts_, {}), {}));
  }

  const kube::Manifest& workload_;
  const kube::Index& stream_;
  ConfigStore& store_;
  bool has_service_links_ = true;
  std::vector<ConfigText> texts_;  // Behind the groups.
  std::vector<AddressedTexts> groups_;
  std::set<const ConfigStore::Entry*> read_;  // Files; containers may mount the same.
};

}  // namespace

std::vector<AddressedTexts> ReadConfigTexts(const kube::Manifest& workload,
                                            const kube::Index& stream, ConfigStore& store) {
  return Reader(workload, stream, store).Run();
}

}  // namespace cloudlab::policy::network
