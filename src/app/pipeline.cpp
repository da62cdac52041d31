// The way of one document from stdin to stdout, top to bottom:
//
//   ReadDocuments   split at `---`, outline of each document           (app/stream, yaml)
//   ReadRules       policies from the config and out of the stream     (app/rules, policy)
//   Index           manifests, effective namespaces, who scales whom   (kube/index)
//   Secrets         what is secret, and where it is to come from       (app/secrets, policy)
//   Stages          propose, splice, scan again, compare               (app/stages, policy, yaml)
//   Prove           bytes outside the edits against the input
//   Network         who connects to whom, and what follows from it     (app/network, policy)
//   Close           does the result work as a whole?                   (app/closing, policy)
//   Arrange         where new objects go                               (app/output)
//   Assemble        untouched slices as they came, edited ones, new objects
//   PostConditions  can every pod that was edited run?                 (app/post_conditions)
//   ProveNoLeaks    does it hold a value that was replaced?            (app/leaks, policy)
//   MakePatches     the same as a kustomization, if asked for          (app/patches)
//
// Any error on the way means no output at all.
#include "app/pipeline.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "app/closing.hpp"
#include "app/diff.hpp"
#include "app/leaks.hpp"
#include "app/list_output.hpp"
#include "app/masked_text.hpp"
#include "app/network.hpp"
#include "app/output.hpp"
#include "app/post_conditions.hpp"
#include "app/rules.hpp"
#include "app/secrets.hpp"
#include "app/stages.hpp"
#include "app/stream.hpp"
#include "base/parallel.hpp"
#include "policy/enforcement.hpp"
#include "policy/sidecar/order.hpp"

namespace cloudlab::app {
namespace {

constexpr std::string_view kNothing = "# cloudlab: no manifests\n";

/// Makes something that outlives the run, as a part of its result.
template <typename Thing, typename... Arguments>
Thing& Keep(Result& result, Arguments&&... arguments) {
  auto thing = std::make_shared<Thing>(std::forward<Arguments>(arguments)...);
  result.kept.push_back(thing);
  return *thing;
}

Result Finish(Result result, int exit_code) {
  result.exit_code = exit_code;
  result.report.exit_code = exit_code;
  if (exit_code != kDone) result.output.clear();
  if (result.report.diagnostics.HasErrors()) result.patches.reset();
  return result;
}

/// Errors always fail; a refusal fails unless the run lets it pass, and is then left untouched.
void ReportProblems(const text::Source& input, const Documents& documents, const Settings& settings,
                    Report& report) {
  for (const Document& document : documents) {
    if (!document.problem()) continue;
    const yaml::Problem& problem = *document.problem();
    const bool refusal = problem.what == yaml::Problem::Class::kRefusal;
    const auto begin = static_cast<std::uint32_t>(document.slice().offset + problem.span.begin);
    text::Diagnostic d;
    d.severity =
        refusal && settings.pass_refusals ? text::Severity::kWarning : text::Severity::kError;
    d.code = problem.code;
    d.message = problem.message;
    d.hint = problem.hint;
    if (refusal && !settings.pass_refusals) {
      d.hint += std::string(d.hint.empty() ? "" : "; ") +
                "or pass such documents through untouched with --on-refusal=pass";
    }
    d.place = {&input, {begin, begin + problem.span.size()}};
    report.diagnostics.Add(std::move(d));
    if (refusal) ++report.refused;
  }
}

std::vector<kube::Manifest> CollectManifests(const Documents& documents, const Rules& rules) {
  return CollectFromChunks<kube::Manifest>(
      documents.size(), [&](std::size_t i, std::vector<kube::Manifest>& found) {
        if (documents[i].problem() || documents[i].is_policy) return;
        auto here = kube::Manifests(documents[i].input(), i, rules.pipeline.pod_template_paths);
        std::move(here.begin(), here.end(), std::back_inserter(found));
      });
}

kube::Index MakeIndex(const Documents& documents, const Settings& settings, const Rules& rules) {
  kube::IndexOptions options;
  options.option_namespace = settings.ns;
  options.pipeline_namespace = rules.pipeline.ns;
  return kube::Index(CollectManifests(documents, rules), options);
}

/// What was found about the documents of one chunk.
struct Kept {
  bool bytes = true;       ///< The bytes outside the edits are those of the input.
  std::string difference;  ///< What is read otherwise outside the edits, or empty.
};

/// What must hold of everything that is about to be written; returns what does not. Each splice was
/// compared with its intended tree when it was made; here the run as a whole is held against the
/// input.
std::string Prove(const Documents& documents, const std::optional<yaml::Mismatch>& mismatch,
                  Report& report) {
  std::string failure;
  if (mismatch) {
    failure = mismatch->what + "\n---- intended\n" + mismatch->intended + "---- found\n" +
              mismatch->found;
  }
  report.proofs.push_back({"every edit made the intended tree", !mismatch});
  std::vector<Kept> chunks(ChunkCount(documents.size()));
  ForEachChunk(documents.size(), [&](std::size_t chunk, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Document& document = documents[i];
      if (!document.edited()) continue;
      const std::vector<text::Piece> kept = document.kept();
      chunks[chunk].bytes = chunks[chunk].bytes && KeptBytesAreEqual(document, kept);
      if (auto difference = yaml::VerifyKept(document.input(), kept, document.current())) {
        chunks[chunk].difference += *difference + "\n";
      }
    }
  });
  bool bytes = true;
  bool nodes = true;
  for (const Kept& chunk : chunks) {
    bytes = bytes && chunk.bytes;
    nodes = nodes && chunk.difference.empty();
    failure += chunk.difference;
  }
  if (!bytes) failure += "bytes outside the edits changed\n";
  report.proofs.push_back({"bytes outside the edits are those of the input", bytes});
  report.proofs.push_back({"content outside the edits is read as in the input", nodes});
  return failure;
}

void WarnIfEmpty(const text::Source& input, bool is_function, const kube::Index& index,
                 Report& report) {
  if (!index.manifests().empty()) return;
  text::Diagnostic d;
  d.severity = text::Severity::kWarning;
  d.code = "CL-X-EMPTY";
  d.message = "there are no manifests in the input";
  if (!is_function) {
    d.hint = "with Helm 3, --output-dir writes its files before the post-renderer is called";
  }
  if (!input.text.empty()) d.place = {&input, {0, 0}};
  report.diagnostics.Add(std::move(d));
}

policy::Run MakeRun(const Settings& settings, const Rules& rules, const kube::Index& index) {
  policy::Run run;
  run.environment = rules.environment;
  run.release = settings.release;
  run.kube_version = rules.kube_version;
  run.profiles = &rules.profiles;
  run.index = &index;
  run.comments_by_position = settings.list != nullptr;
  run.mending = settings.mending;
  for (const kube::Manifest& manifest : index.manifests()) {
    if (manifest.id.kind != "LimitRange" || !manifest.id.group().empty()) continue;
    run.limit_ranges[manifest.id.ns].push_back(kube::ReadLimitRange(manifest));
  }
  for (const auto& policy : rules.policies) {
    // What only warns, fails or tries makes nothing and takes nothing away.
    if (policy::EnforcementOf(policy->document()) == policy::Enforcement::kApply) {
      run.applying.push_back(policy->name());
    }
  }
  return run;
}

bool HasAutoscaling(const Rules& rules) {
  return std::ranges::any_of(rules.policies, [](const auto& policy) {
    return policy->stage() == policy::Stage::kScaling || policy->stage() == policy::Stage::kBudgets;
  });
}

std::vector<ObjectRow> RowsOf(const std::vector<const policy::NewObject*>& objects) {
  std::vector<ObjectRow> rows;
  rows.reserve(objects.size());
  for (const auto* object : objects) rows.push_back({object->id, object->parent, object->policy});
  return rows;
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// The stage that needs the whole stream as the others have left it. Returns what it knows of the
/// network, or null if no policy is about that.
const Network* ProposeNetwork(Documents& documents, const Rules& rules, policy::Run& run,
                              Stages& stages, Result& result) {
  if (!HasNetwork(rules) || result.report.diagnostics.HasErrors()) return nullptr;
  for (Document& document : documents) document.KeepVersions();
  const auto& network =
      Keep<Network>(result, documents, rules, *run.index, stages.NewObjects(), stages.selected());
  run.traffic = &network.traffic();
  stages.Propose({policy::Stage::kNetwork});
  stages.SettleObjects();
  return &network;
}

/// Takes the closing look and puts the output together.
Output Complete(const text::Source& input, const kube::KrmList* list, const Documents& documents,
                const Rules& rules, const policy::Run& run, const Network* network, Stages& stages,
                Result& result) {
  Report& report = result.report;
  const kube::Index& index = *run.index;
  const std::vector<const policy::NewObject*> objects = stages.NewObjects();
  Output output;
  std::vector<ObjectRow> added;
  const Closing closing{input, documents, rules, index, stages.WantedObjects(), objects};
  policy::network::Proof proof;
  // The looks at the whole rarely object: the output is put together meanwhile. What takes longest
  // comes first, so that no core waits for another at the end.
  ForEachTask(3, [&](std::size_t task) {
    if (task == 0 && network != nullptr) {
      proof = network->Prove(closing, stages.selected());
    } else if (task == 1 && NeedsClosing(rules, index)) {
      Close(closing, network == nullptr ? nullptr : &network->stream(), run.explain, report);
    } else if (task == 2) {
      output = list == nullptr ? Assemble(input.text, documents, Arrange(documents, index, objects))
                               : AssembleItems(input.text, *list, documents, index, objects);
      added = RowsOf(objects);
    }
  });
  if (network != nullptr) network->Tell(std::move(proof), closing, run.explain, report);
  ProvePostConditions(closing, run, report);
  if (const auto* removed = result.guard.removed()) {
    ProveNoLeaks(input, documents, output, *removed, report);
  }
  if (!report.diagnostics.HasErrors()) {
    report.added = std::move(added);
    report.edited = static_cast<std::size_t>(std::ranges::count_if(documents, &Document::edited));
  }
  if (IsBlank(output.text)) output.text = kNothing;
  return output;
}

/// `--config none`: the stream leaves as it came, and so do patches that do nothing.
Result CopyUnread(const text::Source& input, const Settings& settings, Result result) {
  result.is_check = settings.check;
  if (settings.want_patches) {
    result.patches = MakePatches(input, {}, {}, {}, {}, result.report.diagnostics);
  }
  if (!settings.check) {
    result.output = IsBlank(input.text) ? std::string(kNothing) : std::string(input.text);
  }
  return Finish(std::move(result), kDone);
}

}  // namespace

Result Run(const text::Source& input, const Settings& settings) {
  Result result;
  Report& report = result.report;
  report.source = settings.config_name;
  if (settings.kube_version) report.kube_version = settings.kube_version->Print();
  if (settings.config_kind == Settings::Config::kNone) {
    return CopyUnread(input, settings, std::move(result));
  }

  auto& documents = Keep<Documents>(
      result,
      ReadDocuments(settings.list == nullptr ? yaml::Split(input.text) : settings.list->slices()));
  report.documents = documents.size();
  ReportProblems(input, documents, settings, report);
  const auto rules = ReadRules(input, documents, settings, report.diagnostics);
  report.source = rules->source;
  report.environment = rules->environment;
  report.kube_version = rules->kube_version.Print();
  result.is_check = settings.check || rules->pipeline.validates;
  if (report.diagnostics.HasErrors()) return Finish(std::move(result), kFailed);

  // A list is right with policies among its items: whoever made it knows of no other place.
  const bool counts = settings.list == nullptr || !result.is_check;
  for (const auto& id : rules->taken_out) {
    if (counts) report.removed.push_back({id, {}, id.name});
  }
  const auto& index = Keep<kube::Index>(result, MakeIndex(documents, settings, *rules));
  result.index = &index;
  report.ns = index.default_namespace();
  report.diagnostics.Append(index.findings());
  WarnIfEmpty(input, settings.is_function, index, report);
  policy::Run run = MakeRun(settings, *rules, index);
  run.explain = settings.explain || result.is_check;
  run.sidecars = policy::CollectSidecars(rules->documents);

  if (HasAutoscaling(*rules)) run.pods = &Keep<kube::PodIndex>(result, index);

  result.guard = Guard(settings.removed);
  const Secrets* secrets = nullptr;
  if (HasSecrets(*rules)) {
    secrets = &Keep<Secrets>(result, documents, *rules, run);
    run.secrets = &secrets->plans();
    result.guard = Guard({result.kept.back(), &secrets->search()}, input.text, secrets->Places());
    secrets->Tell(report);
  }

  auto& stages =
      Keep<Stages>(result, input, documents, *rules, run, settings.pass_refusals, report);
  stages.Propose({policy::Stage::kSecrets, policy::Stage::kSidecars, policy::Stage::kTiers,
                  policy::Stage::kScaling, policy::Stage::kBudgets});
  stages.SettleObjects();
  const Network* network = ProposeNetwork(documents, *rules, run, stages, result);
  result.failure = Prove(documents, stages.mismatch(), report);
  result.failure = MaskedTrees(result.failure);
  if (!result.failure.empty()) return Finish(std::move(result), kInternal);
  if (secrets != nullptr && !report.diagnostics.HasErrors()) secrets->Prove(input, report);
  if (report.diagnostics.HasErrors()) return Finish(std::move(result), kFailed);

  Output output = Complete(input, settings.list, documents, *rules, run, network, stages, result);
  if (report.diagnostics.HasErrors()) return Finish(std::move(result), kFailed);
  if (secrets != nullptr) secrets->TellConverted(report);
  if (settings.want_patches) {
    result.patches = MakePatches(input, documents, index, output, result.guard, report.diagnostics);
    if (report.diagnostics.HasErrors()) return Finish(std::move(result), kFailed);
  }
  const bool drift = settings.list == nullptr
                         ? output.text != input.text
                         : report.edited > 0 || !report.added.empty() || !report.removed.empty();
  if (settings.want_diff) result.diff = UnifiedDiff(input.text, output, input.name, result.guard);
  if (result.is_check) return Finish(std::move(result), drift ? kFailed : kDone);
  result.output =
      settings.dry_run && !IsBlank(input.text) ? std::string(input.text) : std::move(output.text);
  return Finish(std::move(result), kDone);
}

Result Reject(const Settings& settings, text::Diagnostics problems) {
  Result result;
  result.report.source = settings.config_name;
  result.report.diagnostics = std::move(problems);
  return Finish(std::move(result), kFailed);
}

std::string Summary(const Report& report) {
  std::string out = "cloudlab: " + std::to_string(report.documents) +
                    (report.documents == 1 ? " document, " : " documents, ") +
                    std::to_string(report.edited) + " edited, " +
                    std::to_string(report.added.size()) + " added, " +
                    std::to_string(report.removed.size()) + " removed";
  if (!report.environment.empty()) out += "; environment " + report.environment;
  if (!report.ns.empty()) out += "; namespace " + report.ns;
  out += "; policies from " + report.source + "\n";
  for (const PolicyCount& policy : report.policies) {
    std::map<std::string, std::size_t> reasons;
    for (const auto& skip : report.skips) {
      if (skip.policy == policy.name) ++reasons[skip.code];
    }
    out += "  " + policy.kind + "/" + policy.name + ": " + std::to_string(policy.selected) +
           " selected, " + std::to_string(policy.changed) + " changed";
    if (!reasons.empty()) {
      std::string words;
      for (const auto& [code, count] : reasons) {
        words += (words.empty() ? "" : ", ") + std::to_string(count) + " " + code;
      }
      out += ", skipped: " + words;
    }
    out += "\n";
  }
  return out;
}

}  // namespace cloudlab::app
