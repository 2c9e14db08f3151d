using System.Text.Json;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>Cuts a stream of bytes into JSON objects, however they are broken into lines. Holds one object, up to <see cref="MostBytes"/>.</summary>
internal sealed class QmpFraming
{
    /// <summary>Bytes of one command.</summary>
    public const int MostBytes = 64 * 1024;

    private const int MostNesting = 32;
    private const byte Restart = 0xFF;

    private readonly byte[] _object = new byte[MostBytes];
    private int _length;
    private int _depth;
    private bool _inString;
    private bool _isEscaped;

    /// <summary>Skips the rest of a line that began with what is no object, or of an object that is too long.</summary>
    private bool _skips;

    /// <summary>Takes bytes up to the end of the next object; null where more are needed.</summary>
    /// <param name="bytes">What there is; shortened by what was taken.</param>
    /// <param name="error">Says what was wrong with what came instead of an object; null: nothing.</param>
    public JsonDocument? Next(ref ReadOnlySpan<byte> bytes, out string? error)
    {
        error = null;
        while (!bytes.IsEmpty)
        {
            var value = bytes[0];
            bytes = bytes[1..];
            if (value == Restart)
            {
                // What QMP clients send to be understood again.
                Forget();
                _skips = false;
            }
            else if (_skips)
            {
                _skips = value != '\n';
            }
            else if (_depth == 0 && !IsBeginning(value, out error))
            {
                if (error is not null)
                    return null;
            }
            else if (_length == MostBytes)
            {
                Forget();
                _skips = true;
                error = "JSON parse error, the command is too long";
                return null;
            }
            else if (IsEnd(value))
            {
                return Parse(out error);
            }
        }

        return null;
    }

    private bool IsBeginning(byte value, out string? error)
    {
        error = null;
        if (value == '{')
            return true;
        if (value is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
        {
            _skips = true;
            error = "JSON parse error, expecting an object";
        }

        return false;
    }

    /// <summary>Keeps a byte of an object; true where it is the last.</summary>
    private bool IsEnd(byte value)
    {
        _object[_length++] = value;
        if (_isEscaped)
        {
            _isEscaped = false;
        }
        else if (_inString)
        {
            _isEscaped = value == '\\';
            _inString = value != '"';
        }
        else
        {
            _inString = value == '"';
            _depth += value switch { (byte)'{' or (byte)'[' => 1, (byte)'}' or (byte)']' => -1, _ => 0 };
        }

        return _depth <= 0;
    }

    private JsonDocument? Parse(out string? error)
    {
        error = null;
        var bytes = _object.AsMemory(0, _length).ToArray();
        Forget();
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MostNesting });
        }
        catch (JsonException e)
        {
            error = "JSON parse error, " + e.Message.ReplaceLineEndings(" ");
            return null;
        }
    }

    private void Forget()
    {
        _length = 0;
        _depth = 0;
        _inString = false;
        _isEscaped = false;
    }
}
