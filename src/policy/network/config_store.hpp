// What ConfigMaps and Secrets of the stream hold, decoded and taken apart once for all pods that
// use it: a large file that a hundred pods mount is read as often as its variables differ.
//
// Threads may share a store. It lives as long as edges are inferred.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kube/manifest.hpp"
#include "policy/network/address.hpp"
#include "policy/network/config_text.hpp"

namespace cloudlab::policy::network {

/// A text and the addresses in it; those are parts of the text.
struct AddressedText {
  ConfigText text;
  std::vector<Address> addresses;
};
using AddressedTexts = std::shared_ptr<const std::vector<AddressedText>>;

class ConfigStore {
 public:
  struct Entry {
    std::string key;
    std::string value;
    bool has_variables = false;  ///< Perhaps.
  };
  class Object {
   public:
    explicit Object(const kube::Manifest& object);

    const std::vector<Entry>& entries() const { return entries_; }
    /// The entry `key`, or null.
    const Entry* Find(std::string_view key) const;

   private:
    void ReadData(const kube::Manifest& object);
    void ReadTemplate(const kube::Manifest& object);
    void Add(std::string key, std::string value);

    std::vector<Entry> entries_;
    std::unordered_map<std::string_view, const Entry*> by_key_;
  };
  /// False for an address in a text that leads nowhere for any pod of the stream.
  using Filter = std::function<bool(const ConfigText&, const Address&)>;
  using Take = std::function<std::vector<ConfigText>(const std::string&)>;

  explicit ConfigStore(Filter leads) : leads_(std::move(leads)) {}
  ConfigStore(const ConfigStore&) = delete;
  ConfigStore& operator=(const ConfigStore&) = delete;

  /// The decoded entries of a ConfigMap or Secret, or of the template of an ExternalSecret.
  const Object& Read(const kube::Manifest& object);
  /// The texts of `entry`, an item of what Read() returned, as a file at `path` whose variables are
  /// replaced: `content`. `take` takes it apart. Texts without an address that leads somewhere are
  /// left out.
  AddressedTexts ReadFile(const Entry& entry, const std::string& path, std::string content,
                          const Take& take);

 private:
  struct Slot {
    std::once_flag once;
    std::unique_ptr<const Object> object;
  };
  struct File {
    std::mutex mutex;
    std::vector<std::pair<std::string, AddressedTexts>> read;  // By content.
  };

  Filter leads_;
  std::mutex mutex_;
  std::unordered_map<const kube::Manifest*, std::unique_ptr<Slot>> objects_;
  std::map<std::pair<const Entry*, std::string>, std::unique_ptr<File>> files_;
};

/// `texts` with their addresses, those without one left out. `leads` may be empty.
AddressedTexts FindAddressesIn(std::vector<ConfigText> texts, const ConfigStore::Filter& leads);

/// The texts of all containers of `workload`, init containers included, in groups.
std::vector<AddressedTexts> ReadConfigTexts(const kube::Manifest& workload,
                                            const kube::Index& stream, ConfigStore& store);

}  // namespace cloudlab::policy::network
