// What the two test plugins are: an effect, or with TEST_INSTRUMENT an instrument.
#pragma once

#define DISTRHO_PLUGIN_BRAND "Hummingbridge"
#define DISTRHO_PLUGIN_BRAND_ID Hmbr
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_WANT_LATENCY 1
#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1

#ifdef TEST_INSTRUMENT
#define DISTRHO_PLUGIN_NAME "FaultySine"
#define DISTRHO_PLUGIN_UNIQUE_ID 'F', 's', 'i', 'n'
#define DISTRHO_PLUGIN_NUM_INPUTS 0
#define DISTRHO_PLUGIN_IS_SYNTH 1
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Instrument|Synth"
#else
#define DISTRHO_PLUGIN_NAME "FaultyGain"
#define DISTRHO_PLUGIN_UNIQUE_ID 'F', 'g', 'a', 'n'
#define DISTRHO_PLUGIN_NUM_INPUTS 2
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Tools|Stereo"
#endif

#define DISTRHO_PLUGIN_CLAP_ID "org.hummingbridge." DISTRHO_PLUGIN_NAME
#define DISTRHO_PLUGIN_URI "urn:hummingbridge:" DISTRHO_PLUGIN_NAME
