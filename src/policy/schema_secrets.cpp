// The schema of SecretReferencePolicy.
//
// Sources: the API of the External Secrets Operator (ExternalSecret, external-secrets.io/v1), the
// annotations of Stakater Reloader and Argo CD, the references of helmfile/vals.
#include <utility>

#include "policy/schema_parts.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::policy {
namespace {

Type Reaction() { return Enum({"Fail", "Warn", "Ignore"}); }

Type Detect() {
  return Inline(
      "What counts as a secret, and what happens to it where it stands.",
      {Optional("names", Enum({"Default", "None"}),
                "Whether names count: a variable that is called PASSWORD.", "Default"),
       Optional("values", Enum({"Default", "None"}),
                "Whether the shape of values counts: private keys, tokens of known services.",
                "Default"),
       Optional("dsn", Enum({"Split", "Whole", "None"}),
                "Credentials in a URL or connection string: Split, the password alone becomes a "
                "variable of its own and the rest stays readable; Whole, the string becomes a "
                "secret as it is; None, they do not count.",
                "Split"),
       Optional("args", Reaction(), "A secret in `command` or `args`.", "Fail"),
       Optional("annotations", Reaction(), "A secret in an annotation.", "Fail"),
       Optional("files", Enum({"Move", "Fail", "Warn", "Ignore"}),
                "A secret inside of a file of a ConfigMap: Move, the file becomes a key of a "
                "Secret, and who reads it reads it there.",
                "Move"),
       Optional("minScore", Int(1, 100), "From which score on something is a secret.", "60"),
       Optional("allow", List(Of(Form::kGlob), 1),
                "Globs on names of variables and keys that hold no secret.")});
}

ObjectPtr StoreObject() {
  return Shared(
      "SecretStoreRef", "A store of the External Secrets Operator.",
      {Optional("kind", Enum({"SecretStore", "ClusterSecretStore"}), "Its kind.", "SecretStore"),
       Required("name", Text(),
                "Its name; `{{environment}}` and the other variables may stand in it.")});
}

Type Provider() {
  const Type store = ObjectOf(StoreObject());
  return Inline(
      "Where secrets come from.",
      {Optional("type", Enum({"ExternalSecret", "ExistingSecret", "Stub"}),
                "ExternalSecret, the External Secrets Operator makes the Secret from a store; "
                "ExistingSecret, somebody else makes it; Stub, a Secret with placeholders, for "
                "development.",
                "ExternalSecret"),
       Optional("secretStoreRef", store, "The store."),
       Optional("referenceStores", Map(store),
                "Stores for `ref+BACKEND://` references, by backend (`vault`, `awssecrets`); left "
                "out: secretStoreRef."),
       Optional("remoteKey", Text(),
                "The path of a workload's secrets in the store; left out: the profile's "
                "`secretPath`, else `{{namespace}}/{{workload}}`."),
       Optional("refreshInterval", Of(Form::kDuration), "How often the store is read.", "1h0m0s"),
       Optional("environments", List(Of(Form::kGlob), 1),
                "Globs on environments in which a Stub may be made; left out: `development`.")});
}

bool HasStore(const yaml::Value& spec) {
  if (TextAt(spec, "onDetect") == "Warn" || TextAt(spec, "onDetect") == "Fail") return true;
  const yaml::Value* provider = spec.Find("provider");
  if (provider == nullptr) return false;
  const std::string type = TextAt(*provider, "type");
  if (!type.empty() && type != "ExternalSecret") return true;
  return provider->Find("secretStoreRef") != nullptr;
}

}  // namespace

ObjectPtr SecretReferencePolicySpec() {
  return Shared(
      "", "Replaces secrets that stand in manifests by references to a secret store.",
      WithCommonFields(
          {Optional("detect", Detect(), "What counts as a secret.", "{}"),
           Optional("provider", Provider(), "Where secrets come from.", "{}"),
           Optional("secretName", Text(), "The name of the Secret that a workload reads.",
                    "{{workload}}-secrets"),
           Optional("unifyEqualValues", Of(Form::kBool),
                    "Whether equal values become one key of the store, so that both sides of a "
                    "connection change together.",
                    "true"),
           Optional("onDetect", Enum({"Replace", "Warn", "Fail"}),
                    "What happens to a secret: it is replaced, or it is a warning or an error.",
                    "Replace"),
           Optional("reload", Enum({"Reloader", "ChecksumOfSpec", "None"}),
                    "How pods get to know a change: Reloader, Stakater Reloader restarts them when "
                    "the Secret changes; ChecksumOfSpec, an annotation of the pod template changes "
                    "with what the Secret is made of, never with its values; None, not at all.",
                    "None"),
           Optional("ordering",
                    Inline("When objects are applied.",
                           {Optional("argocdSyncWave", Of(Form::kString),
                                     "The sync wave in which Argo CD applies what makes "
                                     "Secrets, `\"-1\"`.")}),
                    "When objects are applied.")}),
      false,
      {{HasStore, "provider.secretStoreRef is missing; an ExternalSecret is made from a store"}});
}

}  // namespace cloudlab::policy
