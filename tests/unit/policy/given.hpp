// What tests of this layer start from: policy documents and a stream, both as text.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/index.hpp"
#include "policy/document.hpp"
#include "policy/exception.hpp"
#include "policy/profile.hpp"
#include "policy/registry.hpp"
#include "policy/selection.hpp"
#include "text/line_index.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"

namespace cloudlab::policy {

/// "3:7 CL-P-FIELD unknown field ...", one per finding: a test compares whole sentences.
inline std::vector<std::string> Lines(const text::Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const text::Diagnostic& item : diagnostics.items()) {
    std::string line;
    if (item.place.source != nullptr) {
      const text::LineColumn at = text::Locate(item.place.source->text, item.place.span.begin);
      line = std::to_string(at.line) + ":" + std::to_string(at.column) + " ";
    }
    line += item.code + " " + item.message;
    if (!item.hint.empty()) line += " (" + item.hint + ")";
    lines.push_back(std::move(line));
  }
  return lines;
}

using Strings = std::vector<std::string>;

/// A policy file, read.
class GivenPolicies {
 public:
  explicit GivenPolicies(std::string text) : text_(std::move(text)) {
    source_ = {"policy.yaml", text_};
    documents_.Read(source_, diagnostics_);
  }
  GivenPolicies(const GivenPolicies&) = delete;
  GivenPolicies& operator=(const GivenPolicies&) = delete;

  const DocumentSet& documents() const { return documents_; }
  const Document& at(std::size_t i) const { return documents_.documents().at(i); }
  text::Diagnostics& diagnostics() { return diagnostics_; }
  Strings findings() const { return Lines(diagnostics_); }

 private:
  std::string text_;
  text::Source source_;
  DocumentSet documents_;
  text::Diagnostics diagnostics_;
};

/// A stream of manifests, indexed.
class GivenStream {
 public:
  explicit GivenStream(std::string text, kube::IndexOptions options = {.option_namespace = "shop"})
      : text_(std::move(text)) {
    std::vector<kube::Manifest> manifests;
    for (const yaml::Slice& slice : yaml::Split(text_)) {
      yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
      REQUIRE_FALSE(scan.problem.has_value());
      outlines_.push_back(std::move(scan.outline));
      for (kube::Manifest& manifest : kube::Manifests(outlines_.back(), outlines_.size() - 1)) {
        manifests.push_back(std::move(manifest));
      }
    }
    index_ = kube::Index(std::move(manifests), std::move(options));
  }
  GivenStream(const GivenStream&) = delete;
  GivenStream& operator=(const GivenStream&) = delete;

  const kube::Index& index() const { return index_; }
  const kube::Manifest& at(std::size_t i) const { return index_.manifests().at(i); }
  const kube::Manifest& last() const { return index_.manifests().back(); }

 private:
  std::string text_;
  std::deque<yaml::Outline> outlines_;
  kube::Index index_;
};

/// A Deployment "cart" of one container, with these annotations of the object and of its pods.
inline std::string Cart(const std::string& annotations = "{}",
                        const std::string& pod_annotations = "{}") {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, labels: {app: cart}, "
         "annotations: " +
         annotations + "}\nspec:\n  template:\n    metadata: {labels: {app: cart}, annotations: " +
         pod_annotations + "}\n    spec: {containers: [{name: app, image: cart}]}\n";
}

/// One policy against the last manifest of a stream.
class Decision {
 public:
  Decision(const std::string& policies, const std::string& stream, std::string environment = {},
           std::string today = "2026-11-21")
      : policies_(policies), stream_(stream) {
    run_.environment = std::move(environment);
    profiles_ = Profiles::Resolve(policies_.documents(), policies_.diagnostics());
    run_.profiles = &profiles_;
    run_.index = &stream_.index();
    exceptions_ = Exceptions::Read(policies_.documents(), today, policies_.diagnostics());
    for (const Document& document : policies_.documents().documents()) {
      if (policy_ == nullptr) policy_ = MakePolicy(document);
    }
    REQUIRE(policies_.findings() == Strings{});
    REQUIRE(policy_ != nullptr);
    selection_ = std::make_unique<Selection>(run_, exceptions_, policies_.documents());
    choice_ = selection_->Choose(*policy_, stream_.last());
  }
  Decision(const Decision&) = delete;
  Decision& operator=(const Decision&) = delete;

  const Choice& choice() const { return choice_; }
  const Subject& subject() const {
    REQUIRE(choice_.subject.has_value());
    return *choice_.subject;
  }
  /// "selected", "CL-S-EXCLUDED ...", "error CL-P-LOCKED ...", or "" if the policy is not about
  /// such objects.
  std::string Text() const {
    std::string text;
    for (const Proposal::Finding& finding : choice_.findings) {
      text += (text.empty() ? "error " : "; ") + finding.diagnostic.code + " " +
              finding.diagnostic.message;
    }
    if (!text.empty()) return text;
    if (choice_.skip) return choice_.skip->code + " " + choice_.skip->message;
    return choice_.subject ? "selected" : "";
  }
  /// The codes and messages of what nobody would read.
  Strings Unread() const {
    Strings lines;
    for (const Proposal::Finding& finding : selection_->CheckAnnotations(stream_.last())) {
      const text::Diagnostic& item = finding.diagnostic;
      lines.push_back(item.code + " " + item.message + (item.hint.empty() ? "" : " (") + item.hint +
                      (item.hint.empty() ? "" : ")"));
    }
    return lines;
  }

 private:
  GivenPolicies policies_;
  GivenStream stream_;
  Profiles profiles_;
  Exceptions exceptions_;
  Run run_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Selection> selection_;
  Choice choice_;
};

/// A ResourceTierPolicy "tiers" with this spec, and profiles for it.
inline std::string Tiers(const std::string& spec) {
  return "apiVersion: cloudlab.dev/v1alpha1\nkind: ResourceTierPolicy\nmetadata: {name: tiers}\n"
         "spec: " +
         spec +
         "\n---\napiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\n"
         "metadata: {name: production}\nspec: {tiers: {small: {requests: {cpu: 1}}}}\n"
         "---\napiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\n"
         "metadata: {name: staging}\nspec: {inherits: production}\n";
}

}  // namespace cloudlab::policy
