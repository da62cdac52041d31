// Reads addresses by hand: the library may not ask the system, and what it accepts must not depend
// on one.
#include "policy/network/ip_block.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace cloudlab::policy::network {
namespace {

constexpr std::size_t kMostGroups = 8;
constexpr int kByteBits = 8;

/// All of `text` as a number of at most `digits` digits.
std::optional<unsigned> ReadNumber(std::string_view text, std::size_t digits, int base) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Takes the part of `text` before the next `separator`, and both away; nothing at the end.
std::optional<std::string_view> NextPart(std::optional<std::string_view>& text, char separator) {
  if (!text) return std::nullopt;
  const std::size_t at = text->find(separator);
  const std::string_view part = text->substr(0, at);
  text = at == std::string_view::npos ? std::nullopt : std::optional(text->substr(at + 1));
  return part;
}

std::optional<IpAddress> ReadV4(std::string_view text) {
  IpAddress address;
  std::size_t count = 0;
  std::optional<std::string_view> rest = text;
  while (const auto part = NextPart(rest, '.')) {
    const auto number = ReadNumber(*part, 3, 10);
    if (count == 4 || !number || *number > 255 || (part->size() > 1 && part->front() == '0')) {
      return std::nullopt;
    }
    address.bytes[count++] = static_cast<std::uint8_t>(*number);
  }
  return count == 4 ? std::optional(address) : std::nullopt;
}

/// Groups of 16 bits.
struct Groups {
  std::array<std::uint16_t, kMostGroups> values{};
  std::size_t count = 0;

  bool Add(unsigned value) {
    if (count == kMostGroups) return false;
    values[count++] = static_cast<std::uint16_t>(value);
    return true;
  }
};

/// Groups between single colons; the last may be an IPv4 address, which stands for two.
std::optional<Groups> ReadGroups(std::string_view text, bool may_end_in_v4) {
  Groups groups;
  if (text.empty()) return groups;
  std::optional<std::string_view> rest = text;
  while (const auto part = NextPart(rest, ':')) {
    if (!rest && may_end_in_v4 && part->find('.') != std::string_view::npos) {
      const auto v4 = ReadV4(*part);
      if (!v4) return std::nullopt;
      const auto pair = [&](std::size_t i) {
        return (unsigned{v4->bytes[i]} << 8U) | v4->bytes[i + 1];
      };
      if (!groups.Add(pair(0)) || !groups.Add(pair(2))) return std::nullopt;
      continue;
    }
    const auto number = ReadNumber(*part, 4, 16);
    if (!number || !groups.Add(*number)) return std::nullopt;
  }
  return groups;
}

std::optional<IpAddress> ReadV6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  if (has_gap && text.find("::", gap + 1) != std::string_view::npos) return std::nullopt;
  const auto head = ReadGroups(text.substr(0, gap), !has_gap);
  const auto tail = ReadGroups(has_gap ? text.substr(gap + 2) : std::string_view(), true);
  if (!head || !tail) return std::nullopt;
  const std::size_t count = head->count + tail->count;
  // A gap stands for at least one group.
  if (has_gap ? count >= kMostGroups : count != kMostGroups) return std::nullopt;
  IpAddress address{.v6 = true};
  const auto put = [&](std::size_t group, std::uint16_t value) {
    address.bytes[2 * group] = static_cast<std::uint8_t>(value >> 8U);
    address.bytes[2 * group + 1] = static_cast<std::uint8_t>(value & 0xffU);
  };
  for (std::size_t i = 0; i < head->count; ++i) put(i, head->values[i]);
  for (std::size_t i = 0; i < tail->count; ++i) {
    put(kMostGroups - tail->count + i, tail->values[i]);
  }
  return address;
}

/// The bits of byte `i` that a prefix of `bits` bits covers.
std::uint8_t MaskOf(int bits, std::size_t i) {
  const int covered = std::clamp(bits - static_cast<int>(i) * kByteBits, 0, kByteBits);
  return static_cast<std::uint8_t>(0xff00U >> static_cast<unsigned>(covered));
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  return text.find(':') == std::string_view::npos ? ReadV4(text) : ReadV6(text);
}

std::optional<IpBlock> IpBlock::Parse(std::string_view cidr) {
  const std::size_t slash = cidr.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::Parse(cidr.substr(0, slash));
  const auto bits = ReadNumber(cidr.substr(slash + 1), 3, 10);
  if (!address || !bits || *bits > (address->v6 ? 128U : 32U)) return std::nullopt;
  IpBlock block;
  block.base_ = *address;
  block.bits_ = static_cast<int>(*bits);
  for (std::size_t i = 0; i < block.base_.bytes.size(); ++i) {
    block.base_.bytes[i] &= MaskOf(block.bits_, i);
  }
  return block;
}

std::optional<IpBlock> IpBlock::ParseWithAddress(std::string_view text) {
  const auto address = IpAddress::Parse(text);
  if (!address) return Parse(text);
  IpBlock block;
  block.base_ = *address;
  block.bits_ = address->v6 ? 128 : 32;
  return block;
}

bool IpBlock::Contains(const IpAddress& address) const {
  if (address.v6 != base_.v6) return false;
  for (std::size_t i = 0; static_cast<int>(i) * kByteBits < bits_; ++i) {
    if ((address.bytes[i] & MaskOf(bits_, i)) != base_.bytes[i]) return false;
  }
  return true;
}

bool IpBlock::IsPrivate() const {
  static constexpr std::array<std::string_view, 9> kPrivate{
      "0.0.0.0/8",     "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
      "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",      "fe80::/10"};
  return std::ranges::any_of(kPrivate, [&](std::string_view text) {
    const auto block = Parse(text);
    return block && bits_ >= block->bits_ && block->Contains(base_);
  });
}

bool IpBlock::HasInside(const IpBlock& block) const {
  return block.bits_ > bits_ && Contains(block.base_);
}

}  // namespace cloudlab::policy::network
