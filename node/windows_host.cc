// windows_host.cc - takes Node-API from the program that has loaded the addon, whether it is node.exe,
// electron.exe or another: the imports are delay-loaded, and resolved here.
// SPDX-License-Identifier: MIT
#include <windows.h>

#include <delayimp.h>

#include <cstring>

namespace {

FARPROC WINAPI UseHost(unsigned event, PDelayLoadInfo info)
{
    if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
    return reinterpret_cast<FARPROC>(GetModuleHandleW(nullptr));
}

} // namespace

extern "C" PfnDliHook __pfnDliNotifyHook2 = UseHost;
