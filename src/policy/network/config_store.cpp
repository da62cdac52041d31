#include "policy/network/config_store.hpp"

#include <algorithm>

#include "text/base64.hpp"

namespace cloudlab::policy::network {
namespace {

/// So many contents of one file are kept: pods that set variables each in its own way share none.
constexpr std::size_t kMostContents = 8;

/// A Go template with a word in place of each action: what is written around secrets.
std::string WithoutActions(std::string_view text) {
  constexpr std::string_view kBraces = R"("{{")";
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    out += text.substr(0, open);
    const std::size_t close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) return out;
    const bool braces = text.substr(open, close - open).find(kBraces) != std::string_view::npos;
    out += braces ? "{{" : "x";
    text.remove_prefix(close + 2);
  }
}

}  // namespace

ConfigStore::Object::Object(const kube::Manifest& object) {
  if (object.id.kind == "ExternalSecret") {
    ReadTemplate(object);
  } else {
    ReadData(object);
  }
  for (const Entry& entry : entries_) by_key_.try_emplace(entry.key, &entry);
}

void ConfigStore::Object::Add(std::string key, std::string value) {
  const bool has_variables = value.find('$') != std::string::npos;
  entries_.push_back({std::move(key), std::move(value), has_variables});
}

void ConfigStore::Object::ReadTemplate(const kube::Manifest& object) {
  const yaml::NodeView data = object.root.Find({"spec", "target"}).Find({"template", "data"});
  for (const yaml::NodeView entry : data.children()) {
    Add(entry.Key(), WithoutActions(entry.Given().Text()));
  }
}

void ConfigStore::Object::ReadData(const kube::Manifest& object) {
  const bool secret = object.id.kind == "Secret";
  for (const char* field : {"data", "stringData", "binaryData"}) {
    const bool encoded =
        secret ? std::string_view(field) == "data" : std::string_view(field) == "binaryData";
    for (const yaml::NodeView entry : object.root.Find(field).children()) {
      std::string value = entry.Given().Text();
      if (encoded) value = text::DecodeBase64(value);
      Add(entry.Key(), std::move(value));
    }
  }
}

const ConfigStore::Entry* ConfigStore::Object::Find(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

const ConfigStore::Object& ConfigStore::Read(const kube::Manifest& object) {
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Slot>& place = objects_[&object];
    if (place == nullptr) place = std::make_unique<Slot>();
    slot = place.get();
  }
  std::call_once(slot->once, [&] { slot->object = std::make_unique<const Object>(object); });
  return *slot->object;
}

AddressedTexts ConfigStore::ReadFile(const Entry& entry, const std::string& path,
                                     std::string content, const Take& take) {
  File* file = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<File>& place = files_[{&entry, path}];
    if (place == nullptr) place = std::make_unique<File>();
    file = place.get();
  }
  const std::lock_guard lock(file->mutex);
  for (const auto& [known, texts] : file->read) {
    if (known == content) return texts;
  }
  AddressedTexts texts = FindAddressesIn(take(content), leads_);
  if (file->read.size() < kMostContents) file->read.emplace_back(std::move(content), texts);
  return texts;
}

AddressedTexts FindAddressesIn(std::vector<ConfigText> texts, const ConfigStore::Filter& leads) {
  auto found = std::make_shared<std::vector<AddressedText>>();
  // Addresses are parts of their texts, which must lie still from here on.
  found->reserve(texts.size());
  for (ConfigText& text : texts) {
    AddressedText& added = found->emplace_back(AddressedText{std::move(text), {}});
    added.addresses = FindAddresses(added.text.text);
    if (leads) {
      std::erase_if(added.addresses,
                    [&](const Address& address) { return !leads(added.text, address); });
    }
    if (added.addresses.empty()) found->pop_back();
  }
  return found;
}

}  // namespace cloudlab::policy::network
