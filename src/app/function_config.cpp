#include "app/function_config.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/document.hpp"
#include "policy/suggest.hpp"
#include "yaml/stream.hpp"

namespace cloudlab::app {
namespace {

constexpr std::string_view kName = "functionConfig";

/// True for comments, blanks and markers.
bool HoldsNothing(std::string_view text) {
  return std::ranges::all_of(yaml::Split(text), [](const yaml::Slice& slice) {
    const yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
    return !scan.problem && scan.outline.empty();
  });
}

class Reader {
 public:
  Reader(const PolicyNode& node, Settings& settings, FunctionTexts& texts,
         text::Diagnostics& diagnostics)
      : node_(node), settings_(settings), texts_(texts), diagnostics_(diagnostics) {}

  void Read() {
    const yaml::NodeView config = node_.root;
    if (!config) return;
    if (policy::IsPolicyDocument(config)) {
      Bring(config);
      settings_.config_nodes.push_back(node_);
    } else if (config.Find("kind").TextIs("ConfigMap") && config.Find("apiVersion").TextIs("v1")) {
      ReadData(config.Find("data").Given());
    } else {
      Fail("the functionConfig is neither a policy document nor a ConfigMap",
           "use a Pipeline or a policy of " + std::string(policy::kApiVersion) +
               ", or a ConfigMap with its documents in `data`",
           config.Find("kind") ? config.Find("kind") : config);
    }
  }

 private:
  void Fail(std::string message, std::string hint, yaml::NodeView at) {
    text::Diagnostic error;
    error.code = "CL-K-CONFIG";
    error.message = std::move(message);
    error.hint = std::move(hint);
    text::Span span = at.node().value.empty() ? at.node().key : at.node().value;
    span.begin += static_cast<std::uint32_t>(node_.offset);
    span.end += static_cast<std::uint32_t>(node_.offset);
    error.place = {node_.source, span};
    diagnostics_.Add(std::move(error));
  }

  /// The functionConfig is the source of policies, and there is only one.
  void Bring(yaml::NodeView at) {
    const bool is_alone =
        settings_.config_name == kName || settings_.config_kind == Settings::Config::kDefaults;
    if (!is_alone) {
      Fail("policies come from the functionConfig and from " + settings_.config_name,
           "name one source: leave the policies out of one of them", at);
    }
    settings_.config_kind = Settings::Config::kFiles;
    settings_.config_name = kName;
  }

  void ReadData(yaml::NodeView data) {
    if (!data) return;
    if (!data.IsMap()) return Fail("`data` of the functionConfig is no map", "", data);
    for (const yaml::NodeView entry : data.children()) ReadEntry(entry);
  }

  void ReadEntry(yaml::NodeView entry) {
    const std::string key = entry.Key();
    const yaml::NodeView scalar = entry.Resolved();
    if (!scalar.IsScalar() || scalar.IsNull()) return Unfit(entry, "a text");
    const std::string value = scalar.Text();
    if (key == "policies" || key.ends_with(".yaml") || key.ends_with(".yml")) {
      if (HoldsNothing(value)) return Unfit(entry, "a text with policy documents");
      Bring(entry);
      texts_.texts.push_back(value);
      texts_.sources.push_back({std::string(kName) + " data[" + key + "]", texts_.texts.back()});
      settings_.config.push_back(&texts_.sources.back());
    } else if (key == "environment") {
      Take(value, settings_.environment);
    } else if (key == "namespace") {
      Take(value, settings_.ns);
    } else if (key == "release") {
      Take(value, settings_.release);
    } else if (key == "kubeVersion") {
      const auto version = kube::Version::Parse(value);
      if (!version) return Unfit(entry, "a version like 1.34");
      if (!settings_.kube_version) settings_.kube_version = version;
    } else if (key == "onRefusal") {
      if (value != "fail" && value != "pass") return Unfit(entry, "fail or pass");
      settings_.pass_refusals = settings_.pass_refusals || value == "pass";
    } else if (key == "mode") {
      if (value != "Apply" && value != "Validate") return Unfit(entry, "Apply or Validate");
      settings_.check = settings_.check || value == "Validate";
    } else {
      static const std::vector<std::string> kKnown = {
          "environment", "kubeVersion", "mode", "namespace", "onRefusal", "policies", "release"};
      Fail("unknown key \"" + key + "\" in data of the functionConfig",
           policy::Suggestion(key, kKnown), entry);
    }
  }

  void Unfit(yaml::NodeView entry, const std::string& wanted) {
    Fail("data." + entry.Key() + " of the functionConfig is not " + wanted, "", entry);
  }

  /// A flag has been taken before.
  static void Take(const std::string& value, std::string& setting) {
    if (setting.empty()) setting = value;
  }

  const PolicyNode& node_;
  Settings& settings_;
  FunctionTexts& texts_;
  text::Diagnostics& diagnostics_;
};

}  // namespace

void ReadFunctionConfig(const PolicyNode& config, Settings& settings, FunctionTexts& texts,
                        text::Diagnostics& diagnostics) {
  Reader(config, settings, texts, diagnostics).Read();
}

}  // namespace cloudlab::app
