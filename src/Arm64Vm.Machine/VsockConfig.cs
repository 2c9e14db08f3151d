namespace Arm64Vm.Machine;

/// <summary>Stream sockets between guest and host that need no network (AF_VSOCK).</summary>
/// <param name="Path">A UNIX domain socket of the host, made by the machine: who connects and writes <c>CONNECT port</c> and a line feed gets to that port of the guest; the guest's connections to port n of the host go to the socket <c>Path_n</c>.</param>
/// <param name="Cid">The guest's address, from 3 on; the host is 2.</param>
public sealed record VsockConfig(string Path, uint Cid = 3);
