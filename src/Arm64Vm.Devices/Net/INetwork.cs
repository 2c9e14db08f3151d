namespace Arm64Vm.Devices.Net;

/// <summary>Takes frames that are made in place.</summary>
internal interface IFrameSink
{
    /// <summary>Room for a frame, which <see cref="End"/> completes.</summary>
    Span<byte> Begin(int length);

    /// <summary>Completes the frame that was begun last.</summary>
    void End(in FrameHeader header);
}

/// <summary>The other end of a network device's cable.</summary>
/// <remarks>
/// One thread at a time sends (from <see cref="HasRoom"/> to <see cref="Flush"/>), one looks at what has come
/// (<see cref="TryPeek"/>, <see cref="Consume"/>), and one waits for more; they may be three.
/// </remarks>
internal interface INetwork : IFrameSink, IDisposable
{
    /// <summary>No frame is longer: Ethernet header and an IP packet of 65,535 bytes, with room for a tag.</summary>
    const int MaximumAnyFrame = 65536 + 18;

    /// <summary>Bytes of frames that may be begun after <see cref="HasRoom"/> was true.</summary>
    const int Burst = 256 << 10;

    NetworkOffloads Offloads { get; }

    /// <summary>The longest frame it takes.</summary>
    int MaximumFrame { get; }

    /// <summary>False: the other end is gone, and will not come back.</summary>
    bool IsUp { get; }

    /// <summary>Says what the receiver can take of <see cref="NetworkOffloads.GivesBoth"/>.</summary>
    void Accept(bool checksums, bool segments4, bool segments6);

    /// <summary>One of several queues of a network is used or not; while it is not, frames come through the others. Does not wait.</summary>
    void SetInUse(bool isInUse)
    {
    }

    /// <summary>False: <see cref="Flush"/> first.</summary>
    bool HasRoom { get; }

    /// <summary>Sends what was completed. May wait; frames that cannot be sent are lost.</summary>
    void Flush();

    /// <summary>Waits until more has come than was there at the last call, or, where nothing more can be kept, not at all.</summary>
    /// <returns>False: nothing will come any more.</returns>
    bool WaitForMore();

    /// <summary>Nothing more can be kept until frames are consumed.</summary>
    bool IsFull { get; }

    /// <summary>The next frame, which stays the next one until <see cref="Consume"/>. Does not wait.</summary>
    bool TryPeek(out FrameHeader header, out ReadOnlySpan<byte> frame);

    /// <summary>Has done with the frame of <see cref="TryPeek"/>.</summary>
    void Consume();

    /// <summary>Ends waits of both threads, for good.</summary>
    void Close();
}
