// Sources: the API reference of the External Secrets Operator (ExternalSecret v1: creationPolicy,
// deletionPolicy, template, decodingStrategy, sourceRef) and its guide on templating (engine v2:
// Go templates with the functions of Sprig).
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "policy/annotations.hpp"
#include "policy/ownership.hpp"
#include "policy/secrets/names.hpp"
#include "policy/secrets/plan.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::Value;

Value Text(std::string_view text) { return Value::String(std::string(text)); }

/// True for what a Go template reads behind a dot.
bool IsGoName(std::string_view name) {
  const auto fits = [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
  };
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::ranges::all_of(name, fits);
}

/// Text of a Go template that prints `text`.
std::string Escaped(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    out += R"({{ "{{" }})";
    text.remove_prefix(open + 2);
  }
  // With the braces of an action behind it, it would be one of them.
  if (!out.ends_with('{')) return out;
  out.pop_back();
  return out + R"({{ "{" }})";
}

std::string Placeholder(const Remote& remote) {
  std::string name = text::LowerCase(remote.property.empty() ? remote.key : remote.property);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '-';
  }
  return "stub-" + name;
}

Value StoreRef(const Store& store) {
  return Value::Map({{"kind", Text(store.kind)}, {"name", Text(store.name)}});
}

/// An ExternalSecret's spec.
class SpecWriter {
 public:
  SpecWriter(const Target& target, const Plan& plan) : target_(target), plan_(plan) {}

  Value Write() {
    NameRemotes();
    const Settings& settings = *target_.first->settings;
    Value made = Value::Map({{"name", Text(target_.name)},
                             {"creationPolicy", Text("Owner")},
                             {"deletionPolicy", Text("Retain")}});
    if (target_.of_chart != nullptr && target_.of_chart->root.Find("immutable").TextIs("true")) {
      made.Put("immutable", Value::Bool(true));
    }
    Value written = Template();
    if (!written.IsEmptyCollection()) made.Put("template", std::move(written));
    return Value::Map({{"refreshInterval", Text(settings.refresh_interval)},
                       {"secretStoreRef", StoreRef(target_.first->store)},
                       {"target", std::move(made)},
                       {"data", Data()}});
  }

 private:
  /// What each remote is called among the data that the operator fetches: as the entry that holds
  /// it alone, else as in the store.
  void NameRemotes() {
    std::set<std::string> taken;
    for (const Entry& entry : target_.entries) taken.insert(entry.key);
    for (const Entry& entry : target_.entries) {
      if (entry.IsPlain()) names_.emplace(entry.fragments.front().remote, entry.key);
    }
    for (const Entry& entry : target_.entries) {
      // A variable of its own for a part of a URL needs no second name.
      const bool alone = entry.fragments.size() == 1 && entry.fragments.front().remote != kNone;
      if (alone) names_.emplace(entry.fragments.front().remote, entry.key);
    }
    for (const Entry& entry : target_.entries) {
      for (const Fragment& fragment : entry.fragments) {
        if (fragment.remote == kNone || names_.contains(fragment.remote)) continue;
        const Remote& remote = plan_.remotes()[fragment.remote];
        const std::string wanted = KeyOf(remote.property.empty() ? remote.key : remote.property);
        std::string name = wanted;
        // The template makes the entry of that name; what it is made of may have the same.
        for (int i = 2; name != entry.key && !taken.insert(name).second; ++i) {
          name = wanted + "_" + std::to_string(i);
        }
        names_.emplace(fragment.remote, std::move(name));
      }
    }
  }

  Value Data() const {
    Value data = Value::Seq();
    std::set<std::pair<std::string, std::size_t>> written;
    for (const Entry& entry : target_.entries) {
      for (const Fragment& fragment : entry.fragments) {
        if (fragment.remote == kNone) continue;
        const std::string& name = entry.IsPlain() ? entry.key : names_.at(fragment.remote);
        if (!written.emplace(name, fragment.remote).second) continue;
        data.Append(Datum(name, plan_.remotes()[fragment.remote]));
      }
    }
    return data;
  }

  Value Datum(const std::string& name, const Remote& remote) const {
    Value reference = Value::Map({{"key", Text(remote.key)}});
    if (!remote.property.empty()) reference.Put("property", Text(remote.property));
    if (!remote.version.empty()) reference.Put("version", Text(remote.version));
    if (remote.base64) reference.Put("decodingStrategy", Text("Base64"));
    Value datum = Value::Map({{"secretKey", Text(name)}, {"remoteRef", std::move(reference)}});
    if (remote.store != target_.first->store) {
      datum.Put("sourceRef", Value::Map({{"storeRef", StoreRef(remote.store)}}));
    }
    return datum;
  }

  /// Only with a template can an entry be more than what the store holds, or the Secret have
  /// another type; it has to say everything then.
  Value Template() const {
    Value written;
    std::string type;
    if (target_.of_chart != nullptr) type = target_.of_chart->root.Find("type").Text();
    const bool plain = std::ranges::all_of(target_.entries, &Entry::IsPlain);
    if (plain && (type.empty() || type == "Opaque")) return written;
    if (!type.empty()) written.Put("type", Text(type));
    if (target_.of_chart != nullptr) {
      Value metadata = MetadataOfChart();
      if (!metadata.IsEmptyCollection()) written.Put("metadata", std::move(metadata));
    }
    Value data = Value::Map();
    for (const Entry& entry : target_.entries) data.Put(entry.key, Text(TextOf(entry)));
    written.Put("data", std::move(data));
    return written;
  }

  /// The labels and annotations of the Secret that was, but for those that speak to Helm and Argo
  /// CD.
  Value MetadataOfChart() const {
    Value metadata;
    const yaml::NodeView of_chart = target_.of_chart->root.Find("metadata");
    if (const yaml::NodeView labels = of_chart.Find("labels").Given()) {
      metadata.Put("labels", Value::From(labels));
    }
    Value annotations;
    for (const yaml::NodeView entry : of_chart.Find("annotations").children()) {
      const std::string key = entry.Key();
      const bool speaks_to_tools =
          key.find("helm.sh/") != std::string::npos || key.starts_with("argocd.argoproj.io/") ||
          key.starts_with("cloudlab.dev/") || key.starts_with("kubectl.kubernetes.io/");
      if (!speaks_to_tools) annotations.Put(key, Value::From(entry));
    }
    if (!annotations.IsEmptyCollection()) metadata.Put("annotations", std::move(annotations));
    return metadata;
  }

  std::string TextOf(const Entry& entry) const {
    std::string text;
    for (const Fragment& fragment : entry.fragments) {
      if (fragment.remote == kNone) {
        text += Escaped(fragment.text);
        continue;
      }
      const std::string& name = names_.at(fragment.remote);
      text += IsGoName(name) ? "{{ ." + name : "{{ index . \"" + name + "\"";
      // `urlquery` writes a blank as `+`, which only a query reads as one.
      text += fragment.percent ? " | urlquery | replace \"+\" \"%20\" }}" : " }}";
    }
    return text;
  }

  const Target& target_;
  const Plan& plan_;
  std::map<std::size_t, std::string> names_;
};

Value Metadata(const Target& target, const Plan& plan) {
  const kube::Manifest& parent = *target.first->manifest;
  Value metadata = Value::Map({{"name", Text(target.name)}});
  const std::string stated = parent.root.Find({"metadata", "namespace"}).Text();
  if (!stated.empty()) metadata.Put("namespace", Text(stated));
  CopyAppLabels(parent, metadata);
  Value annotations = Value::Map({{std::string(kManagedByAnnotation), Text(plan.policy())}});
  const std::string& wave = target.first->settings->sync_wave;
  if (!wave.empty()) annotations.Put(std::string(kSyncWave), Text(wave));
  metadata.Put("annotations", std::move(annotations));
  return metadata;
}

Value StubData(const Target& target, const Plan& plan) {
  Value data = Value::Map();
  for (const Entry& entry : target.entries) data.Put(entry.key, Text(StubText(entry, plan)));
  return data;
}

/// What an earlier run made, with what is new: what it refers to is nowhere else any more.
Value Merged(const Target& target, Value content) {
  Value merged = Value::From(target.earlier->root);
  if (const Value* texts = content.Find("stringData")) {
    Value* known = merged.Find("stringData");
    if (known == nullptr) known = &merged.Put("stringData", Value::Map());
    for (const auto& [key, text] : texts->entries()) known->Put(key, text);
    return merged;
  }
  const Value* spec = content.Find("spec");
  Value* old_spec = merged.Find("spec");
  if (spec == nullptr || old_spec == nullptr) return content;
  Value* data = old_spec->Find("data");
  if (data == nullptr || spec->Find("data") == nullptr) return content;
  const auto has = [&](const Value& datum) {
    return std::ranges::any_of(data->items(), [&](const Value& old) {
      const Value* name = old.Find("secretKey");
      return name != nullptr && *name == *datum.Find("secretKey");
    });
  };
  for (const Value& datum : spec->Find("data")->items()) {
    if (!has(datum)) data->Append(datum);
  }
  const Value* fresh = spec->Find("target")->Find("template");
  Value* made = old_spec->Find("target");
  if (made == nullptr) return merged;
  Value* known = made->Find("template");
  if (fresh == nullptr && known == nullptr) return merged;
  if (known == nullptr) known = &made->Put("template", Value::Map({{"data", Value::Map()}}));
  Value* texts = known->Find("data");
  if (texts == nullptr) texts = &known->Put("data", Value::Map());
  // Once there is a template it has to say every entry.
  for (const Value& datum : data->items()) {
    const std::string& name = datum.Find("secretKey")->text();
    if (texts->Find(name) == nullptr) texts->Put(name, Text("{{ index . \"" + name + "\" }}"));
  }
  if (fresh != nullptr) {
    for (const auto& [key, text] : fresh->Find("data")->entries()) texts->Put(key, text);
  }
  return merged;
}

}  // namespace

std::string StubText(const Entry& entry, const Plan& plan) {
  std::string text;
  for (const Fragment& fragment : entry.fragments) {
    text += fragment.remote == kNone ? fragment.text : Placeholder(plan.remotes()[fragment.remote]);
  }
  return text;
}

Value ContentOf(const Target& target, const Plan& plan) {
  if (target.id.kind.empty()) return {};
  const bool stub = target.first->settings->provider == Settings::Provider::kStub;
  Value content = Value::Map({{"apiVersion", Text(target.id.api_version)},
                              {"kind", Text(target.id.kind)},
                              {"metadata", Metadata(target, plan)}});
  if (stub) {
    content.Put("type", Text("Opaque"));
    content.Put("stringData", StubData(target, plan));
  } else {
    content.Put("spec", SpecWriter(target, plan).Write());
  }
  return target.earlier == nullptr ? content : Merged(target, std::move(content));
}

}  // namespace cloudlab::policy::secrets
