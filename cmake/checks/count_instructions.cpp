// A QEMU plugin that counts the instructions of the emulated program and prints the number. The
// declarations are those of QEMU's plugin interface, version 1 (docs/devel/tcg-plugins), whose
// header Debian does not package.
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>

extern "C" {

struct qemu_plugin_tb;
struct qemu_info_t;
using PluginId = std::uint64_t;

void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, qemu_plugin_tb*));
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb*);
void qemu_plugin_register_vcpu_tb_exec_inline(qemu_plugin_tb*, int operation, void* counter,
                                              std::uint64_t amount);
void qemu_plugin_register_atexit_cb(PluginId, void (*)(PluginId, void*), void*);

extern const int qemu_plugin_version;
const int qemu_plugin_version = 1;
}

static std::uint64_t count;

static void on_translation(PluginId, qemu_plugin_tb* block) {
  constexpr int kAdd = 0;
  qemu_plugin_register_vcpu_tb_exec_inline(block, kAdd, &count, qemu_plugin_tb_n_insns(block));
}

static void on_exit(PluginId, void*) { std::fprintf(stderr, "instructions: %" PRIu64 "\n", count); }

extern "C" int qemu_plugin_install(PluginId id, const qemu_info_t*, int, char**) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit, nullptr);
  return 0;
}
