// Volumes, variables and mounts of the chart are checked where they are proposed
// (surroundings.cpp), because there `conflictPolicy` decides; what stands here can only be an
// error.

#include "policy/sidecar/clashes.hpp"

#include <set>
#include <string>

#include "policy/sidecar/lists.hpp"
#include "policy/sidecar/presets.hpp"
#include "policy/sidecar/surroundings.hpp"

namespace cloudlab::policy::sidecar {
namespace {

const yaml::Value* FindPath(const yaml::Value* value,
                            std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) value = value == nullptr ? nullptr : value->Find(key);
  return value;
}

/// Containers that other policies are about to add.
std::vector<yaml::Value> PendingContainers(const Injection& injection) {
  std::vector<yaml::Value> result;
  for (const char* list : {"initContainers", "containers"}) {
    for (yaml::NewItem& item :
         PendingItems(injection.proposal.pending(), injection.pod.spec, list)) {
      result.push_back(std::move(item.value));
    }
  }
  return result;
}

class Checker {
 public:
  explicit Checker(const Injection& injection)
      : injection_(injection),
        name_(injection.container_name()),
        pending_(PendingContainers(injection)) {}

  bool Check() {
    if (injection_.container() != nullptr) {
      CheckName();
      CheckPorts();
      CheckMounts();
    }
    CheckUsers();
    return !found_;
  }

 private:
  void Add(const char* code, std::string message, std::string hint, yaml::NodeView node = {}) {
    found_ = true;
    injection_.AddError(code, std::move(message), std::move(hint), node);
  }

  void CheckName();
  void CheckPorts();
  void CheckPort(const Port& ours, const Port& other, const std::string& owner,
                 yaml::NodeView node);
  void CheckMounts();
  void CheckUsers();
  void CheckUser(const std::string& user, std::string_view proxy);

  const Injection& injection_;
  std::string name_;
  std::vector<yaml::Value> pending_;
  bool found_ = false;
};

void Checker::CheckName() {
  for (const yaml::Value& container : pending_) {
    if (NameOf(container) != name_) continue;
    Add("CL-A-CLASH-CONTAINER", "another policy brings a container " + name_ + " too",
        "rename one of the two, or let only one policy select this workload");
  }
}

void Checker::CheckPort(const Port& ours, const Port& other, const std::string& owner,
                        yaml::NodeView node) {
  if (ours.SameSocket(other)) {
    Add("CL-A-CLASH-PORT",
        "port " + ours.number + "/" + ours.protocol + " of container " + name_ +
            " is taken by container " + owner,
        "the containers of a pod share one network: move the sidecar to another port", node);
  } else if (!ours.name.empty() && ours.name == other.name) {
    Add("CL-A-CLASH-PORT",
        "the port name " + ours.name + " of container " + name_ + " is taken by container " + owner,
        "a Service that targets the name would find either of the two: rename the sidecar's port",
        node);
  }
}

void Checker::CheckPorts() {
  const yaml::Value* ports = injection_.container()->Find("ports");
  if (ports == nullptr) return;
  for (const yaml::Value& item : ports->items()) {
    const Port ours = ReadPort(item);
    for (const kube::Container& container : injection_.containers) {
      // An init container that ends has given its ports back.
      if (container.name == name_ || container.type == kube::ContainerType::kInit) continue;
      for (const yaml::NodeView other : container.node.Find("ports").children()) {
        CheckPort(ours, ReadPort(other.Resolved()), container.name, other);
      }
    }
    for (const yaml::Value& container : pending_) {
      const yaml::Value* others = container.Find("ports");
      if (others == nullptr || NameOf(container) == name_) continue;
      for (const yaml::Value& other : others->items()) {
        CheckPort(ours, ReadPort(other), NameOf(container), {});
      }
    }
  }
}

/// Every mount of our container needs a volume, and a path of its own.
void Checker::CheckMounts() {
  const yaml::Value* mounts = injection_.container()->Find("volumeMounts");
  if (mounts == nullptr) return;
  const std::set<std::string> known = KnownVolumes(injection_);
  std::set<std::string> paths;
  for (const yaml::Value& mount : mounts->items()) {
    const yaml::Value* path = mount.Find("mountPath");
    if (path != nullptr && !paths.insert(path->text()).second) {
      Add("CL-A-CLASH-MOUNT", "container " + name_ + " mounts " + path->text() + " twice",
          "correct spec.container.volumeMounts of the policy");
    }
    if (!known.contains(NameOf(mount))) {
      Add("CL-A-NO-VOLUME",
          "container " + name_ + " mounts volume " + NameOf(mount) +
              ", which the pod does not have",
          "add it under spec.volumes of the policy");
    }
  }
}

/// Traffic of the proxy's own user is not redirected, so no container may share it.
void Checker::CheckUser(const std::string& user, std::string_view proxy) {
  const auto check = [&](yaml::NodeView node, const std::string& who) {
    if (!node.TextIs(user)) return;
    Add("CL-A-CLASH-USER",
        who + " runs as user " + user + ", which is that of " + std::string(proxy) +
            ": its traffic would pass by the proxy",
        "run it as another user", node);
  };
  check(injection_.pod.spec.Find({"securityContext", "runAsUser"}), "the pod");
  for (const kube::Container& container : injection_.containers) {
    if (container.name == name_ || container.name == proxy) continue;
    check(container.node.Find({"securityContext", "runAsUser"}), "container " + container.name);
  }
}

void Checker::CheckUsers() {
  if (!CapturesTraffic(injection_.spec)) return;
  if (const yaml::Value* presets = injection_.spec.Find("presets")) {
    for (const yaml::Value& preset : presets->items()) {
      if (NameOf(preset) == "istio-proxy") CheckUser("1337", "istio-proxy");
      if (NameOf(preset) == "linkerd-proxy") CheckUser("2102", "linkerd-proxy");
    }
  }
  const yaml::Value* user = FindPath(injection_.container(), {"securityContext", "runAsUser"});
  if (user != nullptr) CheckUser(user->text(), name_);
}

}  // namespace

bool CheckClashes(const Injection& injection) { return Checker(injection).Check(); }

}  // namespace cloudlab::policy::sidecar
