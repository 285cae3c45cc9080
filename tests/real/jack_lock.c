/* Stands in for libjack.so.0 in front of the real one: one lock around the calls that use JACK's request socket.
 * JACK2 shares that socket between threads without a lock, and Ardour calls it from several while it starts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>

typedef uintptr_t word;
typedef word (*call)(word, word, word, word, word, word);

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static call real(const char *name)
{
	static void *library;
	if (!library)
		library = dlopen(REAL_LIBJACK, RTLD_NOW | RTLD_GLOBAL);
	return (call) dlsym(library, name);
}

#define LOCKED(name) \
	word name(word a, word b, word c, word d, word e, word f) \
	{ \
		pthread_mutex_lock(&lock); \
		word result = real(#name)(a, b, c, d, e, f); \
		pthread_mutex_unlock(&lock); \
		return result; \
	}

LOCKED(jack_activate)
LOCKED(jack_deactivate)
LOCKED(jack_connect)
LOCKED(jack_disconnect)
LOCKED(jack_port_register)
LOCKED(jack_port_unregister)
LOCKED(jack_port_disconnect)
LOCKED(jack_port_rename)
LOCKED(jack_port_set_name)
LOCKED(jack_port_get_all_connections)
LOCKED(jack_recompute_total_latencies)
LOCKED(jack_recompute_total_latency)
LOCKED(jack_set_property)
LOCKED(jack_remove_property)
LOCKED(jack_remove_properties)
LOCKED(jack_set_buffer_size)
LOCKED(jack_set_freewheel)
LOCKED(jack_set_timebase_callback)
LOCKED(jack_release_timebase)
LOCKED(jack_set_sync_callback)
LOCKED(jack_get_uuid_for_client_name)
LOCKED(jack_get_client_name_by_uuid)
