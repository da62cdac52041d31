#include "policy/network/address.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "policy/network/ip_block.hpp"
#include "text/ascii.hpp"

namespace cloudlab::policy::network {
namespace {

using Shape = Address::Shape;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
/// Of a host name, or of something that looks like one.
bool IsHostChar(char c) { return IsAlnum(c) || c == '.' || c == '-' || c == '_'; }
/// What ends the authority of a URL, or a URL as a whole, inside a longer text.
bool EndsUrl(char c) {
  return IsSpace(c) || std::string_view("\"'`,;<>|{}()[]").find(c) != std::string_view::npos;
}
/// What may stand behind `host:port`.
bool EndsAddress(char c) {
  return EndsUrl(c) || c == '/' || c == '&' || c == '?' || c == '#' || c == '!' || c == '\\';
}

bool EqualsAnyCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return text::LowerCase(c); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// A port at the front of `text`, and how many digits it has.
std::pair<std::optional<std::uint16_t>, std::size_t> TakePort(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, port);
  if (digits == 0 || error != std::errc() || port == 0) return {std::nullopt, digits};
  return {port, digits};
}

/// True if `word` could be a host name: it has a letter, no underscore, and begins and ends well.
bool MayBeHost(std::string_view word) {
  if (word.empty() || word.size() > 253 || !IsAlnum(word.front())) return false;
  if (word.ends_with('.')) word.remove_suffix(1);
  if (word.empty() || !IsAlnum(word.back())) return false;
  const bool letter = std::ranges::any_of(word, [](char c) { return !IsDigit(c) && c != '.'; });
  return letter && word.find('_') == std::string_view::npos &&
         word.find("..") == std::string_view::npos;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<Address> Run() {
    FindPairs();
    while (at_ < text_.size()) {
      if (text_[at_] == '[') {
        BracketedAddress();
      } else if (IsAlnum(text_[at_])) {
        Word();
      } else {
        ++at_;
      }
    }
    return std::move(found_);
  }

 private:
  char Behind(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  char Before(std::size_t place) const { return place > 0 ? text_[place - 1] : '\0'; }

  void Add(Shape shape, std::string_view host, std::optional<std::uint16_t> port,
           std::string_view scheme = {}, std::string_view port_name = {}) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || IsLocal(host)) return;
    found_.push_back({shape, host, port, scheme, port_name});
  }

  /// A run of host characters, and what it turns out to be.
  void Word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsHostChar(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (text_.substr(at_, 3) == "://") {
      at_ += 3;
      Authority(word);
      return;
    }
    const auto [host, port_name] = TakeService(word, begin);
    if (Behind(at_) == ':' && IsDigit(Behind(at_ + 1))) {
      Ports(begin, host);
      return;
    }
    if (is_connection_string_ || !MayBeHost(host) || IsVariable(begin) || IsPartOfMore(begin)) {
      return;
    }
    if (!port_name.empty()) {
      Add(Shape::kHostPort, host, std::nullopt, {}, port_name);
    } else if (const auto port = PortBehindSpace()) {
      Add(Shape::kSpaced, host, port);
    } else {
      Add(Trim(text_) == word ? Shape::kWhole : Shape::kWord, host, std::nullopt);
    }
  }

  /// The host that a SRV record is about, and its service: `_grpc._tcp.cart` (RFC 2782).
  std::pair<std::string_view, std::string_view> TakeService(std::string_view word,
                                                            std::size_t begin) const {
    constexpr std::size_t kLength = 6;
    const std::size_t tcp = std::min(word.find("._tcp."), word.find("._udp."));
    if (Before(begin) != '_' || tcp == std::string_view::npos) return {word, {}};
    return {word.substr(tcp + kLength), word.substr(0, tcp)};
  }

  /// `:8080` behind a host; members of an ensemble have several: `zk:2888:3888`.
  void Ports(std::size_t begin, std::string_view host) {
    const bool in_path = Before(begin) == '/' && Before(begin - 1) != '/';
    const bool is_host = !in_path && !IsVariable(begin) && (MayBeHost(host) || IsIpAddress(host));
    while (Behind(at_) == ':' && IsDigit(Behind(at_ + 1))) {
      const auto [port, digits] = TakePort(text_.substr(at_ + 1));
      at_ += 1 + digits;
      const bool closed =
          at_ == text_.size() || EndsAddress(text_[at_]) || text_[at_] == ':' || text_[at_] == '.';
      if (port && closed && is_host) Add(Shape::kHostPort, host, port);
    }
  }

  /// `cart 8080`, as programs and configurations say it that take host and port by themselves.
  std::optional<std::uint16_t> PortBehindSpace() const {
    std::size_t place = at_;
    while (Behind(place) == ' ' || Behind(place) == '\t') ++place;
    if (place == at_) return std::nullopt;
    const auto [port, digits] = TakePort(text_.substr(place));
    const std::size_t end = place + digits;
    return end == text_.size() || EndsUrl(text_[end]) ? port : std::nullopt;
  }

  /// `$NAME`, `${NAME`, `%NAME`: what stands for something else.
  bool IsVariable(std::size_t begin) const {
    const char before = Before(begin);
    return before == '$' || before == '%' || (before == '{' && Before(begin - 1) == '$') ||
           (before == '(' && Before(begin - 1) == '$');
  }

  /// A word that is joined to others is no host: a path, an option, a key.
  bool IsPartOfMore(std::size_t begin) const {
    const char before = Before(begin);
    const char after = Behind(at_);
    return before == '/' || before == '-' || before == ':' || before == '\\' || before == '~' ||
           after == '/' || after == '=' || after == '(' || after == '+' || after == '\\' ||
           after == '@' || (after == ':' && Behind(at_ + 1) != '\0' && !IsSpace(Behind(at_ + 1)));
  }

  /// What stands behind `scheme://`, up to the end of the URL.
  void Authority(std::string_view scheme) {
    // Names for a resolver stand behind an empty authority: dns:///cart:7070 (gRPC, "Name
    // resolution"). So do files, without a port.
    if (Behind(at_) == '/' && (scheme == "dns" || scheme == "passthrough" || HasPortInPath())) {
      ++at_;
    }
    std::size_t end = at_;
    while (end < text_.size() && !EndsUrl(text_[end]) && text_[end] != '/' && text_[end] != '?' &&
           text_[end] != '#') {
      // Brackets belong to an IPv6 address and to Go's `tcp(host:port)`.
      ++end;
    }
    const std::string_view authority = text_.substr(at_, end - at_);
    const std::size_t user = authority.rfind('@');
    if (user != std::string_view::npos) {
      at_ += user + 1;
    } else if (HasTornPassword(authority, end)) {
      SkipRestOfUrl();
      return;
    }
    if (Behind(at_) == '[') {
      BracketedAddress(scheme);
    } else if (Behind(at_) != '(' && !(end < text_.size() && text_[end] == '(')) {
      HostOfUrl(scheme);
    }
    SkipRestOfUrl();
  }

  /// True if a password with a slash was written as it is, `user:pass/word@host`: where it ends,
  /// readers disagree. What seems to be the host would be the user.
  bool HasTornPassword(std::string_view authority, std::size_t end) const {
    const std::size_t colon = authority.find(':');
    if (colon == std::string_view::npos || authority.starts_with('[')) return false;
    const std::string_view port = authority.substr(colon + 1);
    if (std::ranges::all_of(port, IsDigit) || port.find_first_of("${%(") != port.npos) return false;
    while (end < text_.size() && !EndsUrl(text_[end]) && text_[end] != '@') ++end;
    return Behind(end) == '@';
  }

  /// True for `/cart:7070`.
  bool HasPortInPath() const {
    std::size_t place = at_ + 1;
    while (place < text_.size() && IsHostChar(text_[place])) ++place;
    return place > at_ + 1 && Behind(place) == ':' && IsDigit(Behind(place + 1));
  }

  void HostOfUrl(std::string_view scheme) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsHostChar(text_[at_])) ++at_;
    const std::string_view host = text_.substr(begin, at_ - begin);
    std::optional<std::uint16_t> port;
    if (Behind(at_) == ':') {
      const auto [number, digits] = TakePort(text_.substr(at_ + 1));
      port = number;
      at_ += 1 + digits;
    }
    if (host.empty() || (!MayBeHost(host) && !IsIpAddress(host))) return;
    Add(Shape::kUrl, host, port, scheme);
  }

  /// Further hosts of a list stand behind a comma and are found as words.
  void SkipRestOfUrl() {
    if (Behind(at_) == ',') return;
    while (at_ < text_.size() && !EndsUrl(text_[at_])) ++at_;
  }

  void BracketedAddress(std::string_view scheme = {}) {
    const std::size_t close = text_.find(']', at_);
    const std::string_view inside = close == std::string_view::npos
                                        ? std::string_view()
                                        : text_.substr(at_ + 1, close - at_ - 1);
    if (inside.find(':') == std::string_view::npos || !IsIpAddress(inside)) {
      // Of a list in brackets the items are read; of a URL nothing can be.
      at_ = scheme.empty() || close == std::string_view::npos ? at_ + 1 : close + 1;
      return;
    }
    at_ = close + 1;
    std::optional<std::uint16_t> port;
    if (Behind(at_) == ':') {
      const auto [number, digits] = TakePort(text_.substr(at_ + 1));
      port = number;
      at_ += 1 + digits;
    }
    if (port || !scheme.empty()) {
      Add(scheme.empty() ? Shape::kHostPort : Shape::kUrl, inside, port, scheme);
    }
  }

  /// `Host=db;Port=5432`, `host=db port=5432 user=x`, `Server=tcp:db,1433`, `(HOST=db)(PORT=1521)`.
  void FindPairs() {
    if (text_.find('=') == std::string_view::npos) return;
    const bool semicolons = text_.find(';') != std::string_view::npos;
    std::vector<std::string_view> hosts;
    std::optional<std::uint16_t> port;
    std::string_view rest = text_;
    while (!rest.empty()) {
      const std::size_t end = EndOfPair(rest, semicolons);
      ReadPair(rest.substr(0, end), hosts, port);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    // One pair beside other words is an option of a program; a connection string has several.
    is_connection_string_ = !hosts.empty() && (std::ranges::count(text_, '=') > 1 ||
                                               Trim(text_).find(' ') == std::string_view::npos);
    if (!is_connection_string_) return;
    for (const std::string_view host : hosts) Add(Shape::kPair, host, port);
  }

  /// Where the pair at the front of `text` ends. A value in quotes is one; commas and blanks beside
  /// `=` belong to the pair (`host=a,b port=1`, `host = "a"`).
  static std::size_t EndOfPair(std::string_view text, bool semicolons) {
    if (semicolons) return text.find(';');
    std::size_t place = text.find_first_of("=&(){}");
    if (place == std::string_view::npos || text[place] != '=') return place;
    ++place;
    while (place < text.size() && IsSpace(text[place])) ++place;
    if (place < text.size() && (text[place] == '"' || text[place] == '\'')) {
      const std::size_t close = text.find(text[place], place + 1);
      return close == std::string_view::npos ? close : text.find_first_of(" \t\n&,(){}", close);
    }
    const std::size_t end = text.find_first_of(" \t\n&(){}", place);
    // `host=db,port=5432`: a comma before the next pair ends this one.
    const std::string_view value = text.substr(0, end);
    const std::size_t next = value.find('=', place);
    const std::size_t comma = next == value.npos ? next : value.substr(0, next).rfind(',');
    return comma != value.npos && comma > place ? comma : end;
  }

  static void ReadPair(std::string_view pair, std::vector<std::string_view>& hosts,
                       std::optional<std::uint16_t>& port) {
    static constexpr std::array<std::string_view, 9> kHosts = {
        "host",        "server",     "hostname", "data source",    "datasource",
        "data_source", "servername", "address",  "network address"};
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view key = Trim(pair.substr(0, equals));
    const std::string_view last = key.substr(key.find_last_of(" \t\n,") + 1);
    std::string_view value = Trim(pair.substr(equals + 1));
    const auto is_quote = [](char c) { return c == '"' || c == '\''; };
    while (!value.empty() && is_quote(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_quote(value.back())) value.remove_suffix(1);
    if (EqualsAnyCase(last, "port")) port = TakePort(value).first;
    const auto names_host = [key, last](std::string_view name) {
      return EqualsAnyCase(key, name) || EqualsAnyCase(last, name);
    };
    if (!std::ranges::any_of(kHosts, names_host)) return;
    if (value.starts_with("tcp:")) value.remove_prefix(4);
    ReadHosts(value, hosts, port);
  }

  /// `a`, `a,b`, `a:1,b:2`, `a,1433`, and with the name of an instance: `a\x,1433`.
  static void ReadHosts(std::string_view list, std::vector<std::string_view>& hosts,
                        std::optional<std::uint16_t>& port) {
    while (!list.empty()) {
      const std::size_t end = list.find(',');
      const std::string_view item = Trim(list.substr(0, end));
      list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
      const std::size_t stop = item.find_first_of(":\\");
      const std::string_view host = item.substr(0, stop);
      if (MayBeHost(host) || IsIpAddress(host)) {
        hosts.push_back(host);
      } else if (const auto own = TakePort(host).first) {
        port = own;
      }
      if (stop == std::string_view::npos) continue;
      if (const auto own = TakePort(item.substr(stop + 1)).first) port = own;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_connection_string_ = false;  // Its other words are names of users and databases.
  std::vector<Address> found_;
};

}  // namespace

std::vector<Address> FindAddresses(std::string_view text) { return Finder(text).Run(); }

std::optional<std::uint16_t> DefaultPort(std::string_view scheme) {
  static constexpr std::array<std::pair<std::string_view, std::uint16_t>, 27> kPorts = {{
      {"http", 80},       {"https", 443},       {"ws", 80},           {"wss", 443},
      {"ftp", 21},        {"ldap", 389},        {"ldaps", 636},       {"amqp", 5672},
      {"amqps", 5671},    {"redis", 6379},      {"rediss", 6379},     {"valkey", 6379},
      {"postgres", 5432}, {"postgresql", 5432}, {"mysql", 3306},      {"mariadb", 3306},
      {"mongodb", 27017}, {"clickhouse", 9000}, {"nats", 4222},       {"mqtt", 1883},
      {"kafka", 9092},    {"cassandra", 9042},  {"sqlserver", 1433},  {"smtp", 25},
      {"smtps", 465},     {"etcd", 2379},       {"memcached", 11211},
  }};
  const auto* found = std::ranges::find_if(
      kPorts, [scheme](const auto& row) { return EqualsAnyCase(row.first, scheme); });
  return found == kPorts.end() ? std::nullopt : std::optional(found->second);
}

bool IsIpAddress(std::string_view host) { return IpAddress::Parse(host).has_value(); }

bool IsLocal(std::string_view host) {
  return EqualsAnyCase(host, "localhost") || host.ends_with(".localhost") || host == "0.0.0.0" ||
         host == "::" || host == "::1" || (host.starts_with("127.") && IsIpAddress(host));
}

}  // namespace cloudlab::policy::network
