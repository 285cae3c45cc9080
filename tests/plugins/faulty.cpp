// An effect (a gain that delays by 777 samples and says so) and an instrument (a sine), which fail when they are asked
// to: by the knob Fault while they play, by the environment's FAULTY_LOAD while they are loaded, where "shout" has them
// print all the time what could be taken for answers.

#include "DistrhoPlugin.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <unistd.h>

START_NAMESPACE_DISTRHO

enum Knob { kGain, kFault, kKnobs };
enum Fault { kNone, kCrash, kHang, kNotANumber };

static const uint32_t kDelay = 777;

static void fail(int fault)
{
    if (fault == kCrash)
    {
        volatile int* nowhere = nullptr;
        *nowhere = 1;
    }
    while (fault == kHang)
        usleep(10000);
}

static void shout()
{
    const char* how = std::getenv("FAULTY_LOAD");
    if (how == nullptr || std::strcmp(how, "shout") != 0)
        return;
    for (int i = 0; i < 2000; ++i)
        std::printf("{\"error\": \"it is the plugin that says so\", \"kind\": \"preset\", \"hint\": \"\"}\n\xff\n");
    std::fflush(stdout);
}

class Faulty : public Plugin
{
public:
    Faulty() : Plugin(kKnobs, 0, 0)
    {
        if (const char* how = std::getenv("FAULTY_LOAD"))
            fail(std::strcmp(how, "crash") == 0 ? kCrash : std::strcmp(how, "hang") == 0 ? kHang : kNone);
        shout();
#ifndef TEST_INSTRUMENT
        setLatency(kDelay);
#endif
    }

protected:
    const char* getLabel() const override { return DISTRHO_PLUGIN_NAME; }
    const char* getMaker() const override { return DISTRHO_PLUGIN_BRAND; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(1, 2, 3); }
    int64_t getUniqueId() const override { return d_cconst(DISTRHO_PLUGIN_UNIQUE_ID); }

    void initParameter(uint32_t index, Parameter& parameter) override
    {
        parameter.hints = kParameterIsAutomatable;
        if (index == kGain)
        {
            parameter.name = "Gain";
            parameter.symbol = "gain";
            parameter.unit = "dB";
            parameter.ranges = ParameterRanges(0.0f, -60.0f, 20.0f);
        }
        else
        {
            parameter.name = "Fault";
            parameter.symbol = "fault";
            parameter.hints |= kParameterIsInteger;
            parameter.ranges = ParameterRanges(0.0f, 0.0f, 3.0f);
        }
    }

    float getParameterValue(uint32_t index) const override { return fKnobs[index]; }
    void setParameterValue(uint32_t index, float value) override { fKnobs[index] = value; }

    float gain() const { return std::pow(10.0f, fKnobs[kGain] / 20.0f); }

    void failWhilePlaying(float** outputs, uint32_t frames) const
    {
        shout();
        const int fault = int(fKnobs[kFault] + 0.5f);
        fail(fault);
        if (fault == kNotANumber && frames > 0)
            outputs[0][frames / 2] = std::numeric_limits<float>::quiet_NaN();
    }

#ifdef TEST_INSTRUMENT
    void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events, uint32_t count) override
    {
        uint32_t next = 0;
        for (uint32_t i = 0; i < frames; ++i)
        {
            for (; next < count && events[next].frame <= i; ++next)
                hear(events[next].data);
            if (! fHeld)
                fLoudness *= 0.999f;
            outputs[0][i] = outputs[1][i] = gain() * fLoudness * float(std::sin(fPhase));
            fPhase += 2 * M_PI * fHz / getSampleRate();
        }
        failWhilePlaying(outputs, frames);
    }

    void hear(const uint8_t* message)
    {
        const int status = message[0] & 0xF0;
        if (status == 0x90 && message[2] > 0)
        {
            fHz = 440.0 * std::pow(2.0, (message[1] - 69) / 12.0);
            fLoudness = 0.5f * message[2] / 127.0f;
            fHeld = true;
            fPhase = 0;
        }
        else if (status == 0x80 || status == 0x90)
            fHeld = false;
        else if (status == 0xB0 && (message[1] == 120 || message[1] == 123))
        {
            fHeld = false;
            fLoudness = 0;
        }
    }
#else
    void activate() override { std::memset(fHeldBack, 0, sizeof(fHeldBack)); }

    void run(const float** inputs, float** outputs, uint32_t frames) override
    {
        for (uint32_t i = 0; i < frames; ++i)
        {
            for (int side = 0; side < 2; ++side)
            {
                const float in = inputs[side][i];
                outputs[side][i] = gain() * fHeldBack[side][fAt];
                fHeldBack[side][fAt] = in;
            }
            fAt = (fAt + 1) % kDelay;
        }
        failWhilePlaying(outputs, frames);
    }
#endif

private:
    float fKnobs[kKnobs] = { 0.0f, 0.0f };
#ifdef TEST_INSTRUMENT
    double fPhase = 0;
    double fHz = 0;
    float fLoudness = 0;
    bool fHeld = false;
#else
    float fHeldBack[2][kDelay] = {};
    uint32_t fAt = 0;
#endif
};

Plugin* createPlugin() { return new Faulty(); }

END_NAMESPACE_DISTRHO
