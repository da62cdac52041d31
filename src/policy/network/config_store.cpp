#include "policy/network/config_store.hpp"

#include <algorithm>
#include <cstdint>

namespace cloudlab::policy::network {
namespace {

/// So many contents of one file are kept: pods that set variables each in its own way share none.
constexpr std::size_t kMostContents = 8;

std::string DecodeBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) continue;  // Line feeds and padding.
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
  }
  return out;
}

}  // namespace

ConfigStore::Object::Object(const kube::Manifest& object) {
  const bool secret = object.id.kind == "Secret";
  for (const char* field : {"data", "stringData", "binaryData"}) {
    const bool encoded =
        secret ? std::string_view(field) == "data" : std::string_view(field) == "binaryData";
    for (const yaml::NodeView entry : object.root.Find(field).children()) {
      std::string value = entry.Given().Text();
      if (encoded) value = DecodeBase64(value);
      const bool has_variables = value.find('$') != std::string::npos;
      entries_.push_back({entry.Key(), std::move(value), has_variables});
    }
  }
  for (const Entry& entry : entries_) by_key_.try_emplace(entry.key, &entry);
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
