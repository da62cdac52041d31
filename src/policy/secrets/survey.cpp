#include "policy/secrets/survey.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "kube/pod_template.hpp"
#include "policy/annotations.hpp"
#include "policy/secrets/detection/findings.hpp"
#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "text/utf8.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::NodeView;

/// What stands in a Secret counts, whatever it is called.
constexpr int kScoreInSecret = 80;

/// What an entry of a Secret is called that tells who or where, not with what: the last word of its
/// name.
constexpr std::array<std::string_view, 18> kHarmlessWords = {
    "database", "db",   "dbname", "email",  "endpoint", "host", "hostname", "hosts",    "login",
    "mail",     "name", "port",   "region", "uri",      "url",  "user",     "username", "users"};

/// Types of Secrets that nobody writes by hand: a controller or Helm does.
constexpr std::array<std::string_view, 2> kForeignTypes = {"kubernetes.io/service-account-token",
                                                           "helm.sh/release.v1"};

/// Copies of whole objects, made by kubectl; they are not rendered.
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool IsText(std::string_view bytes) {
  const bool printable = std::ranges::all_of(bytes, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\r' || byte == '\t';
  });
  return printable && text::IsUtf8(bytes);
}

/// A value that was read from a file or made by a shell ends with a line feed that is no part of
/// it.
std::string_view WithoutLineEnd(std::string_view text) {
  return text.substr(0, text.find_last_not_of("\r\n") + 1);  // npos + 1 is 0.
}

/// What is secret of a text that is secret as a whole: all of a file, or a line without its end.
std::string_view BodyOf(std::string_view text) {
  return IsFile(text) ? text : WithoutLineEnd(text);
}

/// True for a text of several lines most of which are settings, comments or headings: what is in a
/// Secret and is none is secret as a whole.
bool IsConfiguration(std::string_view text) {
  if (text.starts_with('[') || text.starts_with('{')) {
    return text.find(':') != std::string_view::npos;
  }
  std::size_t lines = 0;
  std::size_t settings = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (WithoutLineEnd(line).empty()) continue;
    ++lines;
    const bool tells = std::string_view("#[<;/-").find(line.front()) != std::string_view::npos;
    if (tells || line.find_first_of(":=") != std::string_view::npos) ++settings;
  }
  return settings * 2 > lines;
}

class Surveyor {
 public:
  Surveyor(const kube::Manifest& manifest, const Settings& settings)
      : manifest_(manifest), settings_(settings), detection_(&settings.detection) {
    ReadAllowed();
  }

  std::vector<Site> Run() {
    const bool core = manifest_.id.group().empty();
    if (core && manifest_.id.kind == "Secret") {
      LookAtSecret();
    } else if (core && manifest_.id.kind == "ConfigMap") {
      for (const NodeView entry : manifest_.root.Find("data").children()) LookAtEntry(entry);
    }
    if (manifest_.pod) {
      for (const kube::Container& container : kube::Containers(manifest_.pod)) {
        LookAtVariables(container);
        if (settings_.args != Settings::Reaction::kIgnore) LookAtArguments(container);
      }
    }
    if (settings_.annotations != Settings::Reaction::kIgnore) {
      LookAtAnnotations(manifest_.annotations);
      const NodeView of_pod = manifest_.pod.metadata.Find("annotations");
      if (of_pod != manifest_.annotations) LookAtAnnotations(of_pod);
    }
    return std::move(sites_);
  }

 private:
  /// `cloudlab.dev/not-secret`: globs between commas.
  void ReadAllowed() {
    std::vector<std::string> allowed;
    if (settings_.locked) return;
    for (const std::string& list : {manifest_.annotations.Find(kNotSecretAnnotation).Text(),
                                    manifest_.pod.Annotation(kNotSecretAnnotation)}) {
      for (std::string& word : SkipWords(list)) allowed.push_back(std::move(word));
    }
    if (allowed.empty()) return;
    own_ = settings_.detection;
    own_.allow.insert(own_.allow.end(), allowed.begin(), allowed.end());
    detection_ = &own_;
  }

  std::vector<Found> FindIn(std::string_view name, std::string_view text) const {
    const std::string_view line = WithoutLineEnd(text);
    if (IsFile(text)) return FindInFile(name, text, *detection_);
    if (line.size() == text.size()) return FindInValue(name, text, *detection_);
    // One line with its end: a file of one line, or a value that was read from one.
    std::vector<Found> found = FindInFile(name, text, *detection_);
    return found.empty() ? FindInValue(name, line, *detection_) : found;
  }

  void Add(Site site) {
    if (site.found.empty() && site.references.empty()) return;
    TakeAsWholeIfNeeded(site);
    sites_.push_back(std::move(site));
  }

  /// A value that is written with escapes gives way only together with the text around it.
  static void TakeAsWholeIfNeeded(Site& site) {
    const bool file = IsFile(site.text);
    const auto is_other = [&](const Found& found) {
      const auto written = std::string_view(site.text).substr(found.span.begin, found.span.size());
      return found.encoding == Encoding::kOther ||
             (file && !found.whole && written.find('\\') != std::string_view::npos);
    };
    // A registry's password stands there twice, once inside of base64.
    const bool registry = site.where == Site::Where::kSecretEntry && !site.found.empty() &&
                          (site.name == ".dockerconfigjson" || site.name == ".dockercfg");
    if (!registry && std::ranges::none_of(site.found, is_other)) return;
    for (Found& found : site.found) site.inner.push_back(std::move(found.value));
    Found whole = site.found.front();
    whole.span = {0, static_cast<std::uint32_t>(site.text.size())};
    whole.value = site.text;
    whole.encoding = Encoding::kPlain;
    whole.whole = true;
    site.found = {std::move(whole)};
    site.references.clear();
  }

  void LookAtVariables(const kube::Container& container) {
    for (const NodeView item : container.node.Find("env").children()) {
      const auto [name, given] = item.Resolved().FindGiven<2>({"name", "value"});
      const NodeView value = given.Resolved();
      if (!value.IsScalar()) continue;
      Site site{.where = Site::Where::kVariable, .node = value, .name = name.Text()};
      site.text = value.Text();
      site.found = FindIn(site.name, site.text);
      site.references = FindReferences(site.text);
      if (site.found.empty() && site.references.empty()) continue;
      site.container = container.name;
      site.in = container.node;
      for (Found& found : site.found) ReadDollars(found, site);
      Add(std::move(site));
    }
  }

  /// The kubelet makes one dollar of two, but not in what comes from a Secret.
  static void ReadDollars(Found& found, Site& site) {
    if (found.value.find("$$") == std::string::npos) return;
    site.inner.push_back(found.value);
    for (std::size_t at = found.value.find("$$"); at != std::string::npos;
         at = found.value.find("$$", at + 1)) {
      found.value.erase(at, 1);
    }
  }

  void LookAtArguments(const kube::Container& container) {
    std::vector<NodeView> nodes;
    std::vector<std::string> texts;
    for (const NodeView list : container.node.FindGiven<2>({"command", "args"})) {
      for (const NodeView item : list.children()) {
        if (!item.Resolved().IsScalar()) continue;
        nodes.push_back(item.Resolved());
        texts.push_back(nodes.back().Text());
      }
    }
    LookAtWords(container, nodes, texts);
    const auto hooks = container.node.Find("lifecycle").FindGiven<2>({"postStart", "preStop"});
    const auto probes =
        container.node.FindGiven<3>({"startupProbe", "readinessProbe", "livenessProbe"});
    for (const NodeView hook : hooks) LookAtHandler(container, hook);
    for (const NodeView probe : probes) LookAtHandler(container, probe);
  }

  /// The command of a probe or lifecycle hook, and the headers that it sends.
  void LookAtHandler(const kube::Container& container, NodeView handler) {
    if (!handler) return;
    std::vector<NodeView> nodes;
    std::vector<std::string> texts;
    for (const NodeView item : handler.Find({"exec", "command"}).children()) {
      if (!item.Resolved().IsScalar()) continue;
      nodes.push_back(item.Resolved());
      texts.push_back(nodes.back().Text());
    }
    LookAtWords(container, nodes, texts);
    for (const NodeView header : handler.Find({"httpGet", "httpHeaders"}).children()) {
      const auto [name, value] = header.Resolved().FindGiven<2>({"name", "value"});
      if (!value.Resolved().IsScalar()) continue;
      Site site{.where = Site::Where::kArgument, .node = value.Resolved(), .name = name.Text()};
      site.container = container.name;
      site.in = container.node;
      site.text = site.node.Text();
      const std::string line = site.name + ": " + site.text;
      if (FindInFile("headers", line, *detection_).empty()) continue;
      const auto size = static_cast<std::uint32_t>(site.text.size());
      site.found = {Found{.span = {0, size},
                          .value = site.text,
                          .score = kScoreInSecret,
                          .kind = "header of a request",
                          .label = {},
                          .whole = true}};
      Add(std::move(site));
    }
  }

  void LookAtWords(const kube::Container& container, const std::vector<NodeView>& nodes,
                   const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    for (FoundArgument& found : FindInArguments(texts, *detection_)) {
      Site site{.where = Site::Where::kArgument, .node = nodes[found.argument]};
      site.name = nodes[found.argument].parent().Key();
      site.container = container.name;
      site.in = container.node;
      site.text = texts[found.argument];
      site.found.push_back(std::move(found.found));
      Add(std::move(site));
    }
  }

  /// Of a value only the shape counts: names of annotations speak of secrets all the time. Inside
  /// of a text of several lines names count as in any file.
  void LookAtAnnotations(NodeView annotations) {
    Detection shapes = *detection_;
    shapes.names = false;
    for (const NodeView entry : annotations.children()) {
      if (!entry.Resolved().IsScalar() || entry.KeyIs(kLastApplied)) continue;
      Site site{.where = Site::Where::kAnnotation, .node = entry.Resolved(), .name = entry.Key()};
      site.text = site.node.Text();
      site.found = IsFile(site.text) ? FindInFile(site.name, site.text, *detection_)
                                     : FindInValue(site.name, site.text, shapes);
      Add(std::move(site));
    }
  }

  void LookAtEntry(NodeView entry) {
    if (!entry.Resolved().IsScalar()) return;
    Site site{.where = Site::Where::kConfigEntry, .node = entry.Resolved(), .name = entry.Key()};
    site.text = site.node.Text();
    site.found = FindIn(site.name, site.text);
    site.references = FindReferences(site.text);
    const bool ignored = settings_.files == Settings::Reaction::kIgnore && !site.IsWhole();
    if (!ignored) Add(std::move(site));
  }

  void LookAtSecret() {
    if (!manifest_.root.Find({"metadata", "name"})) return;  // Nothing could refer to it.
    const std::string type = manifest_.root.Find("type").Text();
    if (std::ranges::find(kForeignTypes, type) != kForeignTypes.end()) return;
    bool any = false;
    std::vector<Site> entries;
    for (const char* field : {"data", "stringData"}) {
      for (const NodeView entry : manifest_.root.Find(field).children()) {
        if (!entry.Resolved().IsScalar()) continue;
        entries.push_back(EntryOfSecret(entry, std::string_view(field) == "data"));
        any = any || !entries.back().found.empty() || !entries.back().references.empty();
      }
    }
    if (!any) return;
    // Of two entries of one name, that of stringData holds (Kubernetes API reference, Secret v1).
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool overruled =
          std::any_of(entries.begin() + static_cast<std::ptrdiff_t>(i) + 1, entries.end(),
                      [&](const Site& later) { return later.name == entries[i].name; });
      if (!overruled) sites_.push_back(std::move(entries[i]));
    }
  }

  Site EntryOfSecret(NodeView entry, bool encoded) const {
    Site site{.where = Site::Where::kSecretEntry, .node = entry.Resolved(), .name = entry.Key()};
    site.text = site.node.Text();
    if (encoded) site.text = text::DecodeBase64(site.text);
    site.binary = !IsText(site.text);
    if (!site.binary) {
      site.found = FindIn(site.name, site.text);
      site.references = FindReferences(site.text);
      TakeAsWholeIfNeeded(site);
    }
    const bool counts = site.binary || (site.found.empty() && site.references.empty() &&
                                        !IsHarmlessEntry(site.name, site.text));
    if (counts) {
      const std::string_view body = site.binary ? std::string_view(site.text) : BodyOf(site.text);
      site.found = {Found{.span = {0, static_cast<std::uint32_t>(body.size())},
                          .value = std::string(body),
                          .score = kScoreInSecret,
                          .kind = "entry of a Secret",
                          .label = {},
                          .whole = true}};
    }
    return site;
  }

  bool IsHarmlessEntry(std::string_view name, std::string_view text) const {
    text = WithoutLineEnd(text);
    if (text.empty() || text == "true" || text == "false") return true;
    if (IsFile(text)) return IsConfiguration(text);
    // With `dsn: None` nobody has looked for its password.
    if (!detection_->dsn && text.find("://") != std::string_view::npos) return false;
    const std::string lower = text::LowerCase(name);
    const std::size_t border = lower.find_last_of("-_./");
    const std::string_view last = std::string_view(lower).substr(border + 1);  // npos + 1 is 0.
    if (std::ranges::find(kHarmlessWords, last) != kHarmlessWords.end()) return true;
    return IsAllowed(name, *detection_);
  }

  const kube::Manifest& manifest_;
  const Settings& settings_;
  const Detection* detection_;
  Detection own_;
  std::vector<Site> sites_;
};

}  // namespace

bool IsFile(std::string_view text) {
  if (WithoutLineEnd(text).find('\n') != std::string_view::npos) return true;
  return text.starts_with('{') || text.starts_with('[');
}

std::vector<Site> Survey(const kube::Manifest& manifest, const Settings& settings) {
  return Surveyor(manifest, settings).Run();
}

}  // namespace cloudlab::policy::secrets
