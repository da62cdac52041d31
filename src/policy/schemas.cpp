// The schemas of all kinds but the large ones (schema_sidecar.cpp, schema_autoscaling.cpp,
// schema_network.cpp, schema_secrets.cpp), and the parts that they share.
//
// Source of the vocabulary: the normative documents of the design. Whoever adds a field writes it
// here, with its sentence, and nowhere else; `make golden` prints schemas/<Kind>.json anew.
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/document.hpp"
#include "policy/schema_parts.hpp"

namespace cloudlab::policy {

Type Int(std::int64_t minimum, std::int64_t maximum) {
  Type type = Of(Form::kInt);
  type.minimum = minimum;
  type.maximum = maximum;
  return type;
}

Type Text() {
  Type type = Of(Form::kString);
  type.minimum = 1;
  return type;
}

Type Enum(std::vector<std::string> values) {
  Type type = Of(Form::kEnum);
  type.values = std::move(values);
  return type;
}

Type List(Type of, std::int64_t least) {
  Type type = Of(Form::kList);
  type.of = std::make_shared<const Type>(std::move(of));
  type.minimum = least;
  return type;
}

Type Map(Type of, std::vector<std::string> keys) {
  Type type = Of(Form::kMap);
  type.of = std::make_shared<const Type>(std::move(of));
  type.keys = std::move(keys);
  return type;
}

Type ObjectOf(ObjectPtr object) {
  Type type = Of(Form::kObject);
  type.objects = {std::move(object)};
  return type;
}

Type OneOf(std::vector<ObjectPtr> objects) {
  Type type = Of(Form::kOneOf);
  type.objects = std::move(objects);
  return type;
}

Type Inline(std::string description, std::vector<Field> fields) {
  return ObjectOf(Shared("", std::move(description), std::move(fields)));
}

ObjectPtr Shared(std::string name, std::string description, std::vector<Field> fields, bool open,
                 std::vector<Invariant> invariants) {
  return std::make_shared<const Object>(Object{std::move(name), std::move(description),
                                               std::move(fields), open, std::move(invariants)});
}

bool NotBoth(const yaml::Value& object, std::string_view a, std::string_view b) {
  return object.Find(a) == nullptr || object.Find(b) == nullptr;
}

ObjectPtr LabelSelectorObject() {
  static const ObjectPtr object = Shared(
      "LabelSelector", "Selects by labels, as Kubernetes does; all requirements must hold.",
      {Optional("matchLabels", Map(Of(Form::kString)), "Labels that must have exactly this value."),
       Optional("matchExpressions",
                List(Inline(
                    "One requirement on a label.",
                    {Required("key", Text(), "The label."),
                     Required("operator", Enum({"In", "NotIn", "Exists", "DoesNotExist"}),
                              "How the label's value relates to `values`."),
                     Optional("values", List(Of(Form::kString)), "The values of In and NotIn.")})),
                "Requirements on labels.")},
      false,
      {{[](const yaml::Value& selector) { return kube::Selector::Parse(selector).has_value(); },
        "In and NotIn need values, Exists and DoesNotExist have none"}});
  return object;
}

namespace {

ObjectPtr MatchEntryObject() {
  Type absent_or_glob = Of(Form::kGlob);
  absent_or_glob.nullable = true;
  static const ObjectPtr object = Shared(
      "MatchEntry", "Conditions on one object; all that are given must hold.",
      {Optional("kinds", List(Of(Form::kKindName), 1),
                "Kinds: `Deployment`, `argoproj.io/Rollout`, or `Workload` for every kind that "
                "has a pod template."),
       Optional("namespaces", List(Of(Form::kGlob), 1),
                "Globs on the effective namespace, which is never empty for a namespaced object."),
       Optional("names", List(Of(Form::kGlob), 1), "Globs on metadata.name."),
       Optional("selector", ObjectOf(LabelSelectorObject()), "On the labels of the object."),
       Optional("podSelector", ObjectOf(LabelSelectorObject()),
                "On the labels of the pod template."),
       Optional("annotations", Map(absent_or_glob),
                "Globs on values of annotations of the pod template or, where it has none of that "
                "name, of the object; null: in neither."),
       Optional("environments", List(Of(Form::kGlob), 1), "Globs on the effective environment."),
       Optional("charts", List(Of(Form::kGlob), 1),
                "Globs on the chart's name: the label helm.sh/chart without its version, else the "
                "first folder of `# Source:`."),
       Optional("sources", List(Of(Form::kGlob), 1),
                "Globs on the template that the object was rendered from (`# Source:`)."),
       Optional("hooks", Enum({"Include", "Exclude", "Only"}),
                "Whether Helm hooks are meant; left out, `match` means Exclude (that of a "
                "SecretReferencePolicy Include), and `exclude` means Include.")});
  return object;
}

}  // namespace

ObjectPtr MatchObject() {
  static const ObjectPtr object =
      Shared("Match", "Selects objects; empty, `match` selects all and `exclude` none.",
             {Optional("any", List(ObjectOf(MatchEntryObject()), 1),
                       "At least one of these entries must hold."),
              Optional("all", List(ObjectOf(MatchEntryObject()), 1),
                       "Every one of these entries must hold.")});
  return object;
}

ObjectPtr ContainerSelectorObject() {
  static const ObjectPtr object =
      Shared("ContainerSelector", "Selects containers of a pod; all that is given must hold.",
             {Optional("names", List(Of(Form::kGlob), 1), "Globs on the container's name."),
              Optional("images", List(Of(Form::kGlob), 1), "Globs on the container's image."),
              Optional("types", List(Enum({"App", "Init", "Sidecar"}), 1),
                       "App: in `containers`; Init: in `initContainers`; Sidecar: a native sidecar "
                       "(an init container with restartPolicy Always) or one injected by this "
                       "run.")});
  return object;
}

ObjectPtr RequestsAndLimitsObject() {
  static const ObjectPtr object =
      Shared("RequestsAndLimits", "Requests and limits of one container.",
             {Optional("requests", Map(Of(Form::kQuantity)), "Resource name to quantity."),
              Optional("limits", Map(Of(Form::kQuantity)), "Resource name to quantity.")});
  return object;
}

Type ConflictPolicy() { return Enum({"Keep", "Replace", "Max", "Min", "Merge", "Fail"}); }

std::vector<Field> WithCommonFields(std::vector<Field> fields) {
  std::vector<Field> all = {
      Required("match", ObjectOf(MatchObject()), "The objects that this policy is for."),
      Optional("exclude", ObjectOf(MatchObject()), "The objects among them that it is not for."),
      Optional("enforcement", Enum({"Apply", "Warn", "Fail", "DryRun"}),
               "Apply edits; Warn edits nothing and warns of what it would edit; Fail makes a "
               "needed edit an error; DryRun only reports.",
               "Apply"),
      Optional("locked", Of(Form::kBool),
               "Annotations of a workload may neither change nor skip this policy; one that tries "
               "is an error.",
               "false")};
  for (Field& field : fields) all.push_back(std::move(field));
  return all;
}

ObjectPtr PipelineSpec() {
  Type template_path =
      Inline("Where a custom resource keeps its pod template.",
             {Optional("group", Of(Form::kString), "The API group; left out: any."),
              Required("kind", Text(), "The kind."),
              Required("path", Text(), "The path to the pod template, `spec.pod`.")});
  return Shared(
      "", "What holds for the whole run, and which policies take part.",
      {Optional("environment", Of(Form::kName),
                "The environment profile; --environment wins over it, annotations do not."),
       Optional("namespace", Of(Form::kName),
                "The effective namespace of objects that have none; --namespace wins over it."),
       Optional("kubeVersion", Of(Form::kVersion),
                "The Kubernetes version to write for; --kube-version wins over it."),
       Optional(
           "policies", List(Of(Form::kPolicy)),
           "The policies that run, by metadata.name, or as whole documents; left out: all that "
           "were loaded. Their order here does not matter. Profiles and exceptions may stand "
           "here as documents, too."),
       Optional("mode", Enum({"Apply", "Validate"}),
                "Validate: nothing is written, and whatever would be changed is an error; a "
                "function gives the files of a package back as they are, and else no items.",
                "Apply"),
       Optional("podTemplatePaths", List(template_path), "Pod templates of custom resources."),
       Optional("provenance", Enum({"None", "Annotation", "File"}),
                "Where the run leaves a note of what it did, beyond marking what it owns.", "None"),
       Optional("allowStreamPolicies", Of(Form::kBool),
                "Whether policy documents found in the stream take part in the run.", "false")});
}

ObjectPtr EnvironmentProfileSpec() {
  ObjectPtr tier = Shared(
      "Tier", "A named size.",
      {Optional("requests", Map(Of(Form::kQuantity)), "Requests of a container of this size."),
       Optional("limits", Map(Of(Form::kQuantity)), "Limits of a container of this size."),
       Optional("replicas", Int(0), "Replicas of a workload of this size.")});
  return Shared(
      "", "What the names of tiers mean in one environment; metadata.name is the environment.",
      {Optional("inherits", Of(Form::kName),
                "The profile that holds where this one says nothing, field by field."),
       Optional("tiers", Map(ObjectOf(tier)), "Sizes by name."),
       Optional("autoscaling",
                Inline("Bounds of autoscaling.",
                       {Optional("minReplicas", Int(1), "The least number of replicas."),
                        Optional("maxReplicas", Int(1), "The greatest number of replicas.")}),
                "Bounds of autoscaling in this environment."),
       Optional("secretPath", Text(),
                "The path of a workload's secrets in the secret store; "
                "`prod/{{namespace}}/{{workload}}`.")});
}

ObjectPtr ResourceTierPolicySpec() {
  Type rule = Inline("Which containers get which tier.",
                     {Required("match", ObjectOf(ContainerSelectorObject()), "The containers."),
                      Required("tier", Of(Form::kName), "Their tier.")});
  Type check = Enum({"Fail", "Warn", "Ignore"});
  return Shared(
      "", "Gives containers the requests and limits of a tier.",
      WithCommonFields(
          {Optional("tier", Of(Form::kName),
                    "The tier of `types: [App]` containers; the annotation cloudlab.dev/tier wins. "
                    "Left out: only workloads with that annotation are changed."),
           Optional("containers", List(rule),
                    "Tiers of particular containers; the first rule that selects one holds."),
           Optional("conflictPolicy", ConflictPolicy(),
                    "What to do where the chart already has a value: Keep it, Replace it, take the "
                    "Max or the Min, or Fail.",
                    "Keep"),
           Optional(
               "conflicts",
               Map(ConflictPolicy(), {"requests", "limits", "replicas", "requests.*", "limits.*"}),
               "The same for single fields: `requests.memory`, `limits.cpu`, `replicas`."),
           Optional("onInvalid", Enum({"ClampRequest", "RaiseLimit", "Fail"}),
                    "What to do where a request would exceed its limit.", "RaiseLimit"),
           Optional("qosClass", Enum({"Guaranteed", "Burstable", "BestEffort"}),
                    "The quality of service class that pods shall have; not reaching it is "
                    "reported."),
           Optional(
               "checks",
               Inline("How severe the findings of the other checks are.",
                      {Optional("limitRange", check, "Against LimitRanges of the stream."),
                       Optional("resourceQuota", check, "Against ResourceQuotas of the stream."),
                       Optional("runtimeFlags", check,
                                "Of heap flags and the like against the memory limit.")}),
               "Further checks of the result.")}));
}

ObjectPtr PolicyExceptionSpec() {
  return Shared("", "Takes objects out of policies, with a reason, an owner, and an end.",
                {Required("policies", List(Of(Form::kName), 1), "The policies, by metadata.name."),
                 Required("match", ObjectOf(MatchObject()), "The objects that are taken out."),
                 Required("reason", Text(), "Why, for the report."),
                 Required("owner", Text(), "Who answers for it."),
                 Required("expires", Of(Form::kDate),
                          "The last day on which it holds; from the next day on it is an error.")});
}

namespace {

KindSchema Kind(std::string kind, const ObjectPtr& spec) {
  ObjectPtr metadata = Shared(
      "", "The name of this document, and what other tools write on it.",
      {Required("name", Of(Form::kName), "By which other documents and annotations refer to it."),
       Optional("namespace", Of(Form::kString), "Not used."),
       Optional("labels", Map(Of(Form::kString)), "Not used."),
       Optional("annotations", Map(Of(Form::kString)), "Of other tools; kustomize reads some.")});
  ObjectPtr document = Shared(
      "", spec->description,
      {Required("apiVersion", Enum({std::string(kApiVersion)}), "The version of the format."),
       Required("kind", Enum({kind}), "The kind of this document."),
       Required("metadata", ObjectOf(metadata), metadata->description),
       Required("spec", ObjectOf(spec), spec->description)});
  return {std::move(kind), std::move(document)};
}

}  // namespace

const std::vector<KindSchema>& Schemas() {
  static const std::vector<KindSchema> schemas = {
      Kind("Pipeline", PipelineSpec()),
      Kind("EnvironmentProfile", EnvironmentProfileSpec()),
      Kind("ResourceTierPolicy", ResourceTierPolicySpec()),
      Kind("SidecarPolicy", SidecarPolicySpec()),
      Kind("AutoscalingPolicy", AutoscalingPolicySpec()),
      Kind("NetworkAccessPolicy", NetworkAccessPolicySpec()),
      Kind("SecretReferencePolicy", SecretReferencePolicySpec()),
      Kind("PolicyException", PolicyExceptionSpec()),
  };
  return schemas;
}

}  // namespace cloudlab::policy
