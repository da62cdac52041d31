// A volume is one source or, as `projected`, several: a ConfigMap that gives up some of its entries
// becomes a projection of what it keeps and of the Secret. Behind a ConfigMap that `envFrom` names
// comes the Secret, so that later sources win as before (Kubernetes API reference, Container v1);
// if that Secret holds more than what moved, the variables are written out before all others.
#include "policy/secrets/readers.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "kube/pod_template.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::NodeView;
using yaml::Value;

Value Text(std::string_view text) { return Value::String(std::string(text)); }

/// What a volume takes of a ConfigMap, told apart by where it is found from now on.
struct Taken {
  std::vector<Value> moved;       ///< `items` for the Secret.
  std::vector<Value> kept;        ///< `items` for the ConfigMap, if the volume lists any.
  std::vector<NodeView> leaving;  ///< Listed items that moved.
  bool keeps_some = false;
};

Taken Take(NodeView config_map, const Move& move) {
  Taken taken;
  const NodeView items = config_map.Find("items").Given();
  if (!items) {
    for (std::size_t i = 0; i < move.keys.size(); ++i) {
      taken.moved.push_back(
          Value::Map({{"key", Text(move.secret_keys[i])}, {"path", Text(move.keys[i])}}));
    }
    taken.keeps_some = move.all_keys.size() > move.keys.size();
    return taken;
  }
  for (const NodeView item : items.children()) {
    Value value = Value::From(item);
    if (const std::string* key = move.Find(item.Resolved().Find("key").Text())) {
      value.Put("key", Text(*key));
      taken.moved.push_back(std::move(value));
      taken.leaving.push_back(item);
    } else {
      taken.kept.push_back(std::move(value));
      taken.keeps_some = true;
    }
  }
  return taken;
}

/// Copies `field` of `from` into `into`, if it is there.
void Copy(NodeView from, std::string_view field, Value& into) {
  if (const NodeView found = from.Find(field).Given()) {
    into.Put(std::string(field), Value::From(found));
  }
}

class Redirection {
 public:
  Redirection(const kube::Manifest& workload, const std::string& ns, const Moves& moves,
              Proposal& proposal)
      : workload_(workload), ns_(ns), moves_(moves), proposal_(proposal) {}

  bool Run() {
    for (const NodeView volume : workload_.pod.spec.Find("volumes").children()) {
      Redirect(volume.Resolved());
      for (const NodeView source : volume.Resolved().Find({"projected", "sources"}).children()) {
        RedirectSource(volume.Resolved(), source);
      }
    }
    for (const kube::Container& container : kube::Containers(workload_.pod)) {
      RedirectVariables(container.node);
    }
    return any_;
  }

 private:
  const Move* Find(NodeView name) const {
    const auto found = moves_.find({ns_, name.Text()});
    return found == moves_.end() ? nullptr : &found->second;
  }

  void Redirect(NodeView volume) {
    const NodeView config_map = volume.Find("configMap").Given();
    const Move* move = config_map ? Find(config_map.Find("name")) : nullptr;
    if (move == nullptr) return;
    Taken taken = Take(config_map, *move);
    if (taken.moved.empty()) return;
    any_ = true;
    proposal_.Remove(config_map);
    Value secret = Value::Map();
    if (!taken.keeps_some) {
      secret.Put("secretName", Text(move->secret));
      secret.Put("items", Value::Seq(std::move(taken.moved)));
      Copy(config_map, "defaultMode", secret);
      Copy(config_map, "optional", secret);
      proposal_.Put(volume, {"secret"}, std::move(secret));
      return;
    }
    Value rest = Value::Map({{"name", Value::From(config_map.Find("name"))}});
    if (!taken.kept.empty()) rest.Put("items", Value::Seq(std::move(taken.kept)));
    Copy(config_map, "optional", rest);
    secret = SourceOf(*move, std::move(taken.moved), config_map);
    Value projected = Value::Map();
    Copy(config_map, "defaultMode", projected);
    projected.Put("sources", Value::Seq({Value::Map({{"configMap", std::move(rest)}}),
                                         Value::Map({{"secret", std::move(secret)}})}));
    proposal_.Put(volume, {"projected"}, std::move(projected));
  }

  static Value SourceOf(const Move& move, std::vector<Value> items, NodeView config_map) {
    Value secret = Value::Map({{"name", Text(move.secret)}});
    secret.Put("items", Value::Seq(std::move(items)));
    Copy(config_map, "optional", secret);
    return secret;
  }

  void RedirectSource(NodeView volume, NodeView source) {
    const NodeView config_map = source.Resolved().Find("configMap").Given();
    const Move* move = config_map ? Find(config_map.Find("name")) : nullptr;
    if (move == nullptr) return;
    Taken taken = Take(config_map, *move);
    if (taken.moved.empty()) return;
    any_ = true;
    Value secret = SourceOf(*move, std::move(taken.moved), config_map);
    if (!taken.keeps_some) {
      proposal_.Remove(config_map);
      proposal_.Put(source.Resolved(), {"secret"}, std::move(secret));
      return;
    }
    for (const NodeView item : taken.leaving) proposal_.Remove(item);
    proposal_.Append(volume, {"projected", "sources"}, Value::Map({{"secret", std::move(secret)}}),
                     {yaml::ItemPlace::Side::kAfter, source.id()});
  }

  void RedirectVariables(NodeView container) {
    std::set<std::string> defined;
    NodeView first;
    const NodeView variables = container.Find("env").Given();
    for (const NodeView item : variables.children()) {
      if (!first) first = item;
      defined.insert(item.Resolved().Find("name").Text());
      RedirectVariable(item.Resolved().Find("valueFrom"));
    }
    for (const NodeView source : container.Find("envFrom").children()) {
      const NodeView config_map = source.Resolved().Find("configMapRef").Given();
      const Move* move = config_map ? Find(config_map.Find("name")) : nullptr;
      if (move == nullptr) continue;
      const std::string prefix = source.Resolved().Find("prefix").Given().Text();
      if (move->alone) {
        FollowWith(container, source, prefix, move->secret, config_map);
        continue;
      }
      for (std::size_t i = 0; i < move->keys.size(); ++i) {
        const std::string name = prefix + move->keys[i];
        if (!defined.insert(name).second) continue;
        WriteOut(container, first, name, move->secret, move->secret_keys[i], config_map);
      }
    }
  }

  void RedirectVariable(NodeView value_from) {
    const NodeView reference = value_from.Find("configMapKeyRef").Given();
    const Move* move = reference ? Find(reference.Find("name")) : nullptr;
    const std::string* key = move == nullptr ? nullptr : move->Find(reference.Find("key").Text());
    if (key == nullptr) return;
    any_ = true;
    Value secret = Value::Map({{"name", Text(move->secret)}, {"key", Text(*key)}});
    Copy(reference, "optional", secret);
    proposal_.Remove(reference);
    proposal_.Put(value_from, {"secretKeyRef"}, std::move(secret));
  }

  /// All of the Secret comes directly behind the ConfigMap, so that later sources still win.
  void FollowWith(NodeView container, NodeView source, const std::string& prefix,
                  const std::string& secret, NodeView config_map) {
    any_ = true;
    Value reference = Value::Map({{"name", Text(secret)}});
    Copy(config_map, "optional", reference);
    Value item = Value::Map();
    if (!prefix.empty()) item.Put("prefix", Text(prefix));
    item.Put("secretRef", std::move(reference));
    proposal_.Append(container, {"envFrom"}, std::move(item),
                     {yaml::ItemPlace::Side::kAfter, source.id()});
  }

  void WriteOut(NodeView container, NodeView first, const std::string& name,
                const std::string& secret, const std::string& key, NodeView config_map) {
    any_ = true;
    Value reference = Value::Map({{"name", Text(secret)}, {"key", Text(key)}});
    Copy(config_map, "optional", reference);
    yaml::ItemPlace place;
    if (first) place = {yaml::ItemPlace::Side::kBefore, first.id()};
    proposal_.Append(
        container, {"env"},
        Value::Map({{"name", Text(name)},
                    {"valueFrom", Value::Map({{"secretKeyRef", std::move(reference)}})}}),
        place);
  }

  const kube::Manifest& workload_;
  const std::string& ns_;
  const Moves& moves_;
  Proposal& proposal_;
  bool any_ = false;
};

}  // namespace

const std::string* Move::Find(std::string_view key) const {
  const auto at = std::ranges::find(keys, key);
  return at == keys.end() ? nullptr : &secret_keys[static_cast<std::size_t>(at - keys.begin())];
}

void ForEachConfigUse(const kube::Manifest& workload,
                      const std::function<void(std::string_view, std::string_view)>& take) {
  const auto take_items = [&](NodeView config_map) {
    if (!config_map.Given()) return;
    const std::string name = config_map.Find("name").Text();
    const NodeView items = config_map.Find("items").Given();
    if (!items) return take(name, {});
    for (const NodeView item : items.children()) take(name, item.Resolved().Find("key").Text());
  };
  for (const NodeView volume : workload.pod.spec.Find("volumes").children()) {
    take_items(volume.Resolved().Find("configMap"));
    for (const NodeView source : volume.Resolved().Find({"projected", "sources"}).children()) {
      take_items(source.Resolved().Find("configMap"));
    }
  }
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    for (const NodeView item : container.node.Find("env").children()) {
      const NodeView reference = item.Resolved().Find({"valueFrom", "configMapKeyRef"}).Given();
      if (reference) take(reference.Find("name").Text(), reference.Find("key").Text());
    }
    for (const NodeView source : container.node.Find("envFrom").children()) {
      const NodeView reference = source.Resolved().Find("configMapRef").Given();
      if (reference) take(reference.Find("name").Text(), {});
    }
  }
}

void ForEachSecretUse(const kube::Manifest& workload,
                      const std::function<void(std::string_view)>& take) {
  for (const NodeView volume : workload.pod.spec.Find("volumes").children()) {
    if (const NodeView secret = volume.Resolved().Find("secret").Given()) {
      take(secret.Find("secretName").Text());
    }
    for (const NodeView source : volume.Resolved().Find({"projected", "sources"}).children()) {
      if (const NodeView secret = source.Resolved().Find("secret").Given()) {
        take(secret.Find("name").Text());
      }
    }
  }
  for (const NodeView item : workload.pod.spec.Find("imagePullSecrets").children()) {
    take(item.Resolved().Find("name").Text());
  }
  for (const kube::Container& container : kube::Containers(workload.pod)) {
    for (const NodeView item : container.node.Find("env").children()) {
      const NodeView reference = item.Resolved().Find({"valueFrom", "secretKeyRef"}).Given();
      if (reference) take(reference.Find("name").Text());
    }
    for (const NodeView source : container.node.Find("envFrom").children()) {
      const NodeView reference = source.Resolved().Find("secretRef").Given();
      if (reference) take(reference.Find("name").Text());
    }
  }
}

bool RedirectReaders(const kube::Manifest& workload, const std::string& ns, const Moves& moves,
                     Proposal& proposal) {
  if (moves.empty() || !workload.pod) return false;
  return Redirection(workload, ns, moves, proposal).Run();
}

}  // namespace cloudlab::policy::secrets
