// Policies applied to a stream, stage by stage, as the pipeline does it: propose, splice, scan
// again. A small stand-in, so that tests of single policies can speak of text instead of changes.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "given.hpp"
#include "policy/ownership.hpp"
#include "policy/sidecar/objects.hpp"
#include "policy/sidecar/order.hpp"
#include "yaml/render.hpp"
#include "yaml/surgery.hpp"

namespace cloudlab::policy {

struct Applied {
  std::string text;  ///< The edited stream, new objects behind it.
  std::vector<std::string> errors;
  std::vector<std::string> notes;  ///< "CL-B-QOS message": warnings and information.
  std::vector<std::string> skips;
  std::vector<std::string> rows;  ///< "path: old -> new".
};

struct Settings {
  std::string environment = "production";
  std::string kube_version = "1.32";
  std::string ns = "shop";
  std::string release;
};

class Applier {
 public:
  Applier(const std::string& policies, Settings settings)
      : given_(policies), settings_(std::move(settings)) {
    profiles_ = Profiles::Resolve(given_.documents(), given_.diagnostics());
    policies_ = MakePolicies(given_.documents(), {}, given_.diagnostics());
    SortSidecars(policies_, given_.diagnostics());
    if (profiles_.all().empty()) settings_.environment.clear();
  }

  Applied Run(std::string text) {
    Applied result;
    result.errors = given_.findings();
    if (!result.errors.empty()) return result;
    const GivenStream input(text, {.option_namespace = settings_.ns});
    run_.environment = settings_.environment;
    run_.release = settings_.release;
    run_.kube_version = *kube::Version::Parse(settings_.kube_version);
    run_.profiles = &profiles_;
    run_.index = &input.index();
    run_.sidecars = CollectSidecars(given_.documents());
    for (const Stage stage : {Stage::kSidecars, Stage::kTiers}) {
      text = ApplyStage(stage, std::move(text), result);
    }
    for (const NewObject& object : pool_.objects()) {
      if (input.index().Find(object.id) != nullptr) continue;
      text += "---\n" + yaml::RenderDocument(object.content);
    }
    result.text = std::move(text);
    return result;
  }

 private:
  std::string ApplyStage(Stage stage, std::string text, Applied& result) {
    std::string output;
    for (const yaml::Slice& slice : yaml::Split(text)) {
      yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
      REQUIRE_FALSE(scan.problem.has_value());
      yaml::ChangeSet changes;
      for (kube::Manifest& manifest : kube::Manifests(scan.outline, 0)) {
        run_.index->ResolveNamespace(manifest.id);
        ApplyTo(stage, manifest, changes, result);
      }
      auto edits = yaml::Operate(scan.outline, changes);
      if (const auto* problem = std::get_if<yaml::Problem>(&edits)) {
        result.errors.push_back(std::string(problem->code) + " " + problem->message);
        return text;
      }
      output += std::get<text::EditSet>(edits).Apply(slice.text);
    }
    return output;
  }

  void ApplyTo(Stage stage, const kube::Manifest& manifest, yaml::ChangeSet& changes,
               Applied& result) {
    const Exceptions none;
    Selection selection(run_, none, given_.documents());
    std::vector<std::string> owners;
    std::vector<std::string> withdrawn;
    const std::vector<StatedResource> stated = stated_;
    yaml::Owner owner = 0;
    for (const std::unique_ptr<Policy>& policy : policies_) {
      if (policy->stage() != stage) continue;
      Proposal proposal(manifest, policy->name(), owner++, changes);
      Choice choice = selection.Choose(*policy, manifest);
      if (choice.subject) {
        choice.subject->stated = stated;
        policy->Propose(*choice.subject, run_, proposal);
      } else if (IsManagedBy(manifest, policy->name())) {
        policy->Withdraw(selection.SubjectOf(*policy, manifest), run_, proposal);
      }
      if (proposal.owns()) owners.push_back(policy->name());
      if (proposal.disowns()) withdrawn.push_back(policy->name());
      Collect(proposal, result);
    }
    if (stage != Stage::kSidecars) return;
    if (manifest.root.Find("metadata")) {
      Proposal mark(manifest, "", owner, changes);
      UpdateMark(owners, withdrawn, mark);
      Collect(mark, result);
    }
  }

  void Collect(const Proposal& proposal, Applied& result) {
    for (const Proposal::Finding& finding : proposal.findings()) {
      const text::Diagnostic& item = finding.diagnostic;
      const bool error = item.severity == text::Severity::kError;
      (error ? result.errors : result.notes).push_back(item.code + " " + item.message);
    }
    for (const Skip& skip : proposal.skips()) {
      result.skips.push_back(skip.code + " " + skip.message);
    }
    for (const Proposal::Conflict& conflict : proposal.conflicts()) {
      result.errors.push_back("conflict at " + conflict.path);
    }
    stated_.insert(stated_.end(), proposal.stated().begin(), proposal.stated().end());
    for (const FieldEdit& edit : proposal.edits()) {
      result.rows.push_back(edit.path + ": " + edit.old_value + " -> " + edit.new_value);
    }
    for (const NewObject& object : proposal.objects()) {
      if (const auto error = pool_.Add(object)) {
        result.errors.push_back(error->code + " " + error->message);
      }
    }
  }

  GivenPolicies given_;
  Settings settings_;
  Profiles profiles_;
  std::vector<std::unique_ptr<Policy>> policies_;
  ObjectPool pool_;
  std::vector<StatedResource> stated_;
  policy::Run run_;
};

/// One run. If it succeeds, a second one over its output must change nothing.
inline Applied Apply(const std::string& policies, const std::string& stream,
                     const Settings& settings = {}) {
  Applied first = Applier(policies, settings).Run(stream);
  if (!first.errors.empty()) return first;
  const Applied second = Applier(policies, settings).Run(first.text);
  CHECK(second.errors.empty());
  CHECK(second.text == first.text);
  return first;
}

}  // namespace cloudlab::policy
