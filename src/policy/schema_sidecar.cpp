// The schema of SidecarPolicy: a container of our own, and presets, which are typed forms of the
// pod annotations by which other injectors are steered. A preset accepts only what its project
// reads, so that a wrong value fails here and not in the cluster.
//
// Sources of the annotations: Istio's resource annotations reference, Linkerd's proxy
// configuration reference, Dapr's annotations reference, the Vault Agent Injector's annotations,
// and the OpenTelemetry Operator's auto-instrumentation guide.
#include <algorithm>
#include <array>
#include <utility>

#include "policy/schema_parts.hpp"

namespace cloudlab::policy {
namespace {

ObjectPtr ContainerObject() {
  std::vector<Field> fields = {
      Required("name", Of(Form::kName), "The container's name."),
      Required("image", Text(), "The container's image."),
      Optional("resources",
               ObjectOf(Shared("", "Requests and limits.",
                               {Optional("requests", Map(Of(Form::kQuantity)), "Requests."),
                                Optional("limits", Map(Of(Form::kQuantity)), "Limits."),
                                Optional("claims", Of(Form::kAny), "As in Kubernetes.")})),
               "Requests and limits, so that autoscaling and quotas go on working.")};
  for (const char* name : {"args",
                           "command",
                           "env",
                           "envFrom",
                           "imagePullPolicy",
                           "lifecycle",
                           "livenessProbe",
                           "ports",
                           "readinessProbe",
                           "resizePolicy",
                           "restartPolicy",
                           "restartPolicyRules",
                           "securityContext",
                           "startupProbe",
                           "stdin",
                           "stdinOnce",
                           "terminationMessagePath",
                           "terminationMessagePolicy",
                           "tty",
                           "volumeDevices",
                           "volumeMounts",
                           "workingDir"}) {
    fields.push_back(Optional(name, Of(Form::kAny), "As in Kubernetes."));
  }
  return Shared("Container", "A Kubernetes container.", std::move(fields), true);
}

ObjectPtr EnvObject() {
  return Shared("EnvVariable", "An environment variable for containers of the chart.",
                {Required("name", Text(), "The variable's name."),
                 Optional("value", Of(Form::kString), "Its value."),
                 Optional("valueFrom", Of(Form::kAny), "As in Kubernetes, instead of `value`."),
                 Optional("containers", ObjectOf(ContainerSelectorObject()),
                          "The containers that get it; left out: all App containers.")},
                false,
                {{[](const yaml::Value& env) { return NotBoth(env, "value", "valueFrom"); },
                  "give a value or valueFrom, not both"}});
}

ObjectPtr ManifestObject() {
  return Shared(
      "Manifest", "A whole Kubernetes object; its texts may use template variables.",
      {Required("apiVersion", Text(), "As in Kubernetes."),
       Required("kind", Text(), "As in Kubernetes."),
       Required("metadata",
                ObjectOf(Shared("", "As in Kubernetes.",
                                {Required("name", Text(), "The object's name."),
                                 Optional("namespace", Of(Form::kString),
                                          "Left out: the workload's namespace."),
                                 Optional("labels", Map(Of(Form::kString)), "Labels."),
                                 Optional("annotations", Map(Of(Form::kString)), "Annotations.")},
                                true)),
                "As in Kubernetes.")},
      true);
}

ObjectPtr Preset(const std::string& name, const std::string& description,
                 std::vector<Field> fields) {
  fields.insert(fields.begin(), Required("name", Enum({name}), description));
  return Shared("", description, std::move(fields), false,
                {{[](const yaml::Value& preset) { return NotBoth(preset, "tier", "resources"); },
                  "give a tier or resources, not both"}});
}

/// Where a preset's resources come from: a tier of the environment, or the policy itself.
std::vector<Field> WithSize(std::vector<Field> fields) {
  fields.push_back(Optional("tier", Of(Form::kName),
                            "The tier whose requests and limits the injected container gets."));
  fields.push_back(Optional("resources", ObjectOf(RequestsAndLimitsObject()),
                            "Requests and limits instead of a tier's."));
  return fields;
}

ObjectPtr IstioPreset() {
  return Preset(
      "istio-proxy", "Istio's proxy; writes all four of its resource annotations or none.",
      WithSize({Optional("inject", Of(Form::kBool), "The pod label sidecar.istio.io/inject."),
                Optional("nativeSidecar", Of(Form::kBool), "sidecar.istio.io/nativeSidecar."),
                Optional("logLevel",
                         Enum({"trace", "debug", "info", "warning", "error", "critical", "off"}),
                         "sidecar.istio.io/logLevel."),
                Optional("excludeInboundPorts", List(Int(1, 65535)),
                         "traffic.sidecar.istio.io/excludeInboundPorts."),
                Optional("excludeOutboundPorts", List(Int(1, 65535)),
                         "traffic.sidecar.istio.io/excludeOutboundPorts.")}));
}

ObjectPtr LinkerdPreset() {
  return Preset(
      "linkerd-proxy", "Linkerd's proxy.",
      WithSize({Optional("inject", Enum({"enabled", "disabled", "ingress"}), "linkerd.io/inject.",
                         "enabled"),
                Optional("logLevel", Of(Form::kString),
                         "config.linkerd.io/proxy-log-level, `warn,linkerd=info`."),
                Optional("skipInboundPorts", List(Of(Form::kPorts)),
                         "config.linkerd.io/skip-inbound-ports."),
                Optional("skipOutboundPorts", List(Of(Form::kPorts)),
                         "config.linkerd.io/skip-outbound-ports."),
                Optional("opaquePorts", List(Of(Form::kPorts)), "config.linkerd.io/opaque-ports."),
                Optional("outboundConnectTimeout", Of(Form::kDuration),
                         "config.linkerd.io/proxy-outbound-connect-timeout.")}));
}

ObjectPtr DaprPreset() {
  return Preset(
      "dapr", "Dapr's sidecar.",
      WithSize(
          {Optional("appId", Text(), "dapr.io/app-id.", "{{workload}}"),
           Optional("appPort", Int(1, 65535), "dapr.io/app-port."),
           Optional("appProtocol", Enum({"http", "grpc", "https", "grpcs", "h2c"}),
                    "dapr.io/app-protocol."),
           Optional("config", Of(Form::kString), "dapr.io/config: a Configuration's name."),
           Optional("logLevel", Enum({"debug", "info", "warn", "error"}), "dapr.io/log-level.")}));
}

ObjectPtr VaultPreset() {
  Type secret = Inline(
      "A secret that the agent writes to a file.",
      {Required("name", Of(Form::kName), "The file's name below /vault/secrets."),
       Required("path", Text(), "The secret's path in Vault."),
       Optional("template", Of(Form::kString), "A Consul template for the file's content.")});
  return Preset(
      "vault-agent", "The Vault Agent.",
      WithSize({Required("role", Text(), "vault.hashicorp.com/role."),
                Optional("secrets", List(secret),
                         "vault.hashicorp.com/agent-inject-secret-<name> and -template-<name>."),
                Optional("namespace", Of(Form::kString), "vault.hashicorp.com/namespace."),
                Optional("prePopulateOnly", Of(Form::kBool),
                         "vault.hashicorp.com/agent-pre-populate-only: an init container alone."),
                Optional("initFirst", Of(Form::kBool),
                         "vault.hashicorp.com/agent-init-first: needed with Istio's proxy in "
                         "`containers` (rule A5).")}));
}

ObjectPtr OpenTelemetryPreset() {
  return Preset(
      "opentelemetry", "Auto-instrumentation by the OpenTelemetry Operator.",
      {Required("language", Enum({"java", "python", "nodejs", "dotnet", "go"}),
                "instrumentation.opentelemetry.io/inject-<language>."),
       Optional("instrumentation", Text(),
                "The Instrumentation to use, `name` or `namespace/name`; `true`: the namespace's "
                "only one.",
                "true"),
       Optional("containers", List(Of(Form::kName), 1),
                "instrumentation.opentelemetry.io/<language>-container-names; left out: the first "
                "container.")});
}

ObjectPtr MountObject() {
  return Shared("VolumeMount", "A volume mount for containers of the chart.",
                {Required("name", Of(Form::kName), "The volume's name."),
                 Required("mountPath", Text(), "Where it is mounted."),
                 Optional("containers", ObjectOf(ContainerSelectorObject()),
                          "The containers that get it; left out: all App containers.")},
                true);
}

bool BringsSomething(const yaml::Value& spec) {
  return std::ranges::any_of(std::array{"container", "presets", "podAnnotations", "podLabels",
                                        "env", "volumes", "volumeMounts", "objects"},
                             [&](const char* field) { return spec.Find(field) != nullptr; });
}

}  // namespace

ObjectPtr SidecarPolicySpec() {
  Type order = Inline(
      "Where the container goes among the others.",
      {Optional("position", Enum({"First", "BeforeApp", "Last"}),
                "First or Last in its list, or directly before the first container of the chart "
                "that is no sidecar.",
                "Last"),
       Optional("after", List(Of(Form::kName)), "Containers that must start before it."),
       Optional("before", List(Of(Form::kName)), "Containers that must start after it.")});
  Type egress =
      Inline("A service that the sidecar must reach.",
             {Required("service", Text(), "The service's name."),
              Optional("namespace", Of(Form::kString), "Its namespace; left out: the workload's."),
              Required("port", Int(1, 65535), "Its port.")});
  return Shared(
      "", "Puts a sidecar, and all that it needs, into the pods of workloads.",
      WithCommonFields(
          {Optional("mode", Enum({"Auto", "Native", "Container"}),
                    "Native: an init container with restartPolicy Always (Kubernetes 1.29); Auto: "
                    "Native where the Kubernetes version has it.",
                    "Auto"),
           Optional("order", order, "Where the container goes.", "{}"),
           Optional("conflictPolicy", ConflictPolicy(),
                    "Which value holds where the chart has a container, volume, variable or "
                    "annotation of the same name.",
                    "Keep"),
           Optional("conflicts", Map(ConflictPolicy()),
                    "The same for single fields, by their path below the pod, "
                    "`container.image`, `podAnnotations`."),
           Optional("container", ObjectOf(ContainerObject()), "The sidecar."),
           Optional("volumes",
                    List(ObjectOf(Shared("Volume", "A Kubernetes volume.",
                                         {Required("name", Of(Form::kName), "The volume's name.")},
                                         true))),
                    "Volumes of the pod that the sidecar mounts."),
           Optional("env", List(ObjectOf(EnvObject())),
                    "Variables for the containers of the chart."),
           Optional("volumeMounts", List(ObjectOf(MountObject())),
                    "Mounts for the containers of the chart."),
           Optional("podAnnotations", Map(Of(Form::kString)), "Annotations of the pod template."),
           Optional("podLabels", Map(Of(Form::kString)), "Labels of the pod template."),
           Optional("presets",
                    List(OneOf({IstioPreset(), LinkerdPreset(), DaprPreset(), VaultPreset(),
                                OpenTelemetryPreset()})),
                    "Annotations that steer another injector, in typed form."),
           Optional("objects", List(ObjectOf(ManifestObject())),
                    "Objects that come with the sidecar, its ConfigMap for instance."),
           Optional("egress", List(egress),
                    "What the sidecar connects to; a network policy opens it.")}),
      false,
      {{BringsSomething,
        "it brings nothing; give a container, presets, podAnnotations, podLabels, env, volumes, "
        "volumeMounts or objects"}});
}

}  // namespace cloudlab::policy
