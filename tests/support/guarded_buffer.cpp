#include "support/guarded_buffer.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#define OCTET_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OCTET_TEST_ASAN 1
#endif
#endif
#ifdef OCTET_TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace octet::test {
namespace {

const std::size_t kPage = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

std::size_t round_up_to_page(std::size_t size) { return (size + kPage - 1) / kPage * kPage; }

/// Bytes that stay readable after the data. For QEMU 7.2 alone: its vpmaskmov reads, and faults on,
/// the lanes that are masked out, which no processor does.
const std::size_t kSlack = [] {
  const char* bytes = std::getenv("OCTET_TEST_GUARD_SLACK");
  return bytes ? std::strtoul(bytes, nullptr, 10) : 0;
}();

void protect(std::byte* begin, std::size_t size, int protection) {
  if (size > 0 && mprotect(begin, size, protection) != 0) {
    std::perror("mprotect");
    std::abort();
  }
}

char crash_context[1024];

void report_crash(int signal_number) {
  const char head[] = "\nCrashed while running: ";
  if (write(STDERR_FILENO, head, sizeof head - 1) < 0 ||
      write(STDERR_FILENO, crash_context, std::strlen(crash_context)) < 0 ||
      write(STDERR_FILENO, "\n", 1) < 0) {
    _exit(2);
  }
  raise(signal_number);  // the default action, as SA_RESETHAND restored it
}

/// Inaccessible mappings by size, to be used again: making a new one for each of the several
/// buffers of each of the many cases would take most of the time.
class MappingPool {
 public:
  std::byte* take(std::size_t size) {
    {
      const std::lock_guard lock(mutex_);
      auto& free = free_[size];
      if (!free.empty()) {
        std::byte* mapping = free.back();
        free.pop_back();
        return mapping;
      }
    }
    void* mapping =
        mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) {
      std::perror("mmap");
      std::abort();
    }
    return static_cast<std::byte*>(mapping);
  }

  void give_back(std::byte* mapping, std::size_t size) {
    protect(mapping, size, PROT_NONE);
    if (size > kLargest) {
      munmap(mapping, size);
      return;
    }
    const std::lock_guard lock(mutex_);
    free_[size].push_back(mapping);
  }

 private:
  static constexpr std::size_t kLargest = 1 << 20;
  std::mutex mutex_;
  std::map<std::size_t, std::vector<std::byte*>> free_;
};

MappingPool& pool() {
  static auto& instance = *new MappingPool;  // never destroyed: no order to keep at exit
  return instance;
}

}  // namespace

GuardedBuffer::GuardedBuffer(std::size_t size, Placement placement) : size_(size) {
  const std::size_t inside = round_up_to_page(size + kSlack);
  mapping_size_ = inside + 2 * kPage;
  mapping_ = pool().take(mapping_size_);
  protect(mapping_ + kPage, inside, PROT_READ | PROT_WRITE);
  data_ = mapping_ + kPage + (placement == Placement::kEndsAtGuard ? inside - size - kSlack : 0);
  std::memset(data_, static_cast<int>(kPoison), size);
#ifdef OCTET_TEST_ASAN
  // What is left of the first or last page.
  ASAN_POISON_MEMORY_REGION(mapping_ + kPage, inside);
  ASAN_UNPOISON_MEMORY_REGION(data_, size);
#endif
}

GuardedBuffer::~GuardedBuffer() {
  if (mapping_ == nullptr) return;
#ifdef OCTET_TEST_ASAN
  ASAN_UNPOISON_MEMORY_REGION(mapping_, mapping_size_);
#endif
  pool().give_back(mapping_, mapping_size_);
}

void GuardedBuffer::make_read_only() const {
  protect(mapping_ + kPage, mapping_size_ - 2 * kPage, PROT_READ);
}

void GuardedBuffer::forbid(std::size_t begin, std::size_t end) const {
  const std::size_t offset = static_cast<std::size_t>(data_ - mapping_);
  const std::size_t first_page = round_up_to_page(offset + begin);
  const std::size_t last_page = (offset + end) / kPage * kPage;
  if (first_page < last_page) protect(mapping_ + first_page, last_page - first_page, PROT_NONE);
#ifdef OCTET_TEST_ASAN
  ASAN_POISON_MEMORY_REGION(data_ + begin, end - begin);
#endif
}

void GuardedBuffer::allow_all() const {
  protect(mapping_ + kPage, mapping_size_ - 2 * kPage, PROT_READ | PROT_WRITE);
#ifdef OCTET_TEST_ASAN
  ASAN_UNPOISON_MEMORY_REGION(data_, size_);
#endif
}

void set_crash_context(const char* text) {
  std::snprintf(crash_context, sizeof crash_context, "%s", text);
}

void install_crash_report() {
  struct sigaction action = {};
  action.sa_handler = report_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (int signal_number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
    sigaction(signal_number, &action, nullptr);
  }
}

}  // namespace octet::test
